-- Return the ids of all scans of a bag, and of scans that put children into it or took them out.
CREATE OR REPLACE FUNCTION scans_ids_touching_bag(wanted bigint)
RETURNS SETOF bigint
LANGUAGE plpgsql
STABLE ROWS 20
SET enable_seqscan = off
AS $$
BEGIN
    RETURN QUERY
    SELECT scan.id FROM scans_scan AS scan WHERE scan.bag_id = wanted
    UNION SELECT scan.id FROM scans_scan AS scan WHERE scan.parent_id = wanted
    UNION SELECT scan.id FROM scans_scan AS scan WHERE scan.was_parent_id = wanted;
END $$;
