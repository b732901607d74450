-- Rows need the rules if their ref, or that of an implicit registration, is known or comes twice.
-- Parameter: checks_refs, whether to look in the ledger. If not, its unique constraint refuses a
-- known ref later.
-- Index: scan_ref_is_recorded_once.
WITH claimed AS MATERIALIZED (
    SELECT n, ref FROM fast_path_requests
    UNION ALL
    SELECT n, register_ref FROM fast_path_requests JOIN fast_path_codes USING (code)
    WHERE is_new AND register_ref IS NOT NULL
    UNION ALL
    SELECT n, parent_register_ref FROM fast_path_requests
    JOIN fast_path_codes AS parent
        ON parent.code = parent_code AND parent.is_new AND parent.created_by_row = n
    WHERE parent_register_ref IS NOT NULL
),
taken AS MATERIALIZED (
    SELECT ref FROM scans_scan
    WHERE %(checks_refs)s AND ref = ANY (ARRAY(SELECT ref FROM claimed))
    UNION
    SELECT ref FROM claimed GROUP BY ref HAVING count(*) > 1
)
INSERT INTO fast_path_needs_rules
SELECT DISTINCT n FROM claimed JOIN taken USING (ref)
