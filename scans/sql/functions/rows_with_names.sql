-- Return scans with the names of bag, parent, area and actor, in the order of scanned_at. A
-- function, because planning the join of eight tables takes longer than running it.
CREATE OR REPLACE FUNCTION scans_rows_with_names(wanted bigint[])
RETURNS TABLE (
    id bigint, ref text, step text, outcome text, unexpected boolean, forced boolean,
    code text, kind text, parent text, area text, station text, username text,
    scanned_at timestamptz, recorded_at timestamptz, note text, undoes bigint,
    undone_at timestamptz, bag_id bigint, parent_id bigint, was_parent_id bigint,
    effective_step text, undone_was_parent_id bigint
)
LANGUAGE plpgsql
STABLE ROWS 20
SET enable_seqscan = off
AS $$
BEGIN
    RETURN QUERY
    SELECT scan.id, scan.ref::text, scan.step::text, scan.outcome::text, scan.unexpected,
        scan.forced, bag.code::text, bag.kind::text, parent.code::text, area.code::text,
        scan.station::text, actor.username::text, scan.scanned_at, scan.recorded_at,
        scan.note::text, scan.undoes_id, undoing.recorded_at,
        scan.bag_id, scan.parent_id, scan.was_parent_id,
        coalesce(target.step, scan.step)::text, target.was_parent_id
    FROM scans_scan AS scan
    JOIN bags_bag AS bag ON bag.id = scan.bag_id
    JOIN bags_area AS area ON area.id = scan.area_id
    JOIN accounts_user AS actor ON actor.id = scan.actor_id
    LEFT JOIN bags_bag AS parent ON parent.id = scan.parent_id
    LEFT JOIN scans_scan AS target ON target.id = scan.undoes_id
    LEFT JOIN scans_scan AS undoing ON undoing.undoes_id = scan.id
    WHERE scan.id = ANY (wanted)
    ORDER BY scan.scanned_at, scan.id;
END $$;
