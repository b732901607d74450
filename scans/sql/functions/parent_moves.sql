-- Return the ids of dispatches, receipts and returns of parents during given periods of membership.
CREATE OR REPLACE FUNCTION scans_parent_moves(parents bigint[], since bigint[], until bigint[])
RETURNS SETOF bigint
LANGUAGE plpgsql
STABLE ROWS 5
SET enable_seqscan = off
AS $$
BEGIN
    RETURN QUERY
    SELECT scan.id
    FROM unnest(parents, since, until) AS period (parent, entered, gone)
    JOIN scans_scan AS scan ON scan.bag_id = period.parent
        AND scan.id > period.entered AND scan.id < period.gone
    LEFT JOIN scans_scan AS target ON target.id = scan.undoes_id
    WHERE coalesce(target.step, scan.step) IN ('dispatch', 'receive', 'return');
END $$;
