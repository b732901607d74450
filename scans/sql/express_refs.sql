-- For the rules: rows whose ref, or that of a birth, is known or comes twice.
-- Parameters: asks, whether the ledger is asked for it; its constraint refuses a known one anyway.
-- Index: scan_ref_is_recorded_once.
WITH claimed AS MATERIALIZED (
    SELECT n, ref FROM scans_staged
    UNION ALL
    SELECT n, birth FROM scans_staged JOIN scans_codes USING (code)
    WHERE fresh AND birth IS NOT NULL
    UNION ALL
    SELECT n, parent_birth FROM scans_staged
    JOIN scans_codes AS parent ON parent.code = parent_code AND parent.fresh AND parent.born = n
    WHERE parent_birth IS NOT NULL
),
known AS MATERIALIZED (
    SELECT ref FROM scans_scan
    WHERE %(asks)s AND ref = ANY (ARRAY(SELECT ref FROM claimed))
    UNION
    SELECT ref FROM claimed GROUP BY ref HAVING count(*) > 1
)
INSERT INTO scans_hard
SELECT DISTINCT n FROM claimed JOIN known USING (ref)
