"""Scans as ways tell them, as functions: planned once for each connection.

Joining eight tables takes PostgreSQL longer to plan than to do. `enable_seqscan = off` keeps a plan
on the indexes that was made while there were few scans. The columns are those of scans.ways.Told.
"""

from django.db import migrations

TOLD = """
CREATE FUNCTION scans_told_v1(wanted bigint[])
RETURNS TABLE (
    id bigint, ref text, step text, outcome text, unexpected boolean, forced boolean,
    code text, kind text, parent text, area text, station text, username text,
    scanned_at timestamptz, recorded_at timestamptz, note text, undoes bigint,
    undone_at timestamptz, bag_id bigint, parent_id bigint, was_parent_id bigint, change text,
    came_from bigint
)
LANGUAGE plpgsql STABLE ROWS 20 SET enable_seqscan = off AS $$
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
    JOIN tracetrack_user AS actor ON actor.id = scan.actor_id
    LEFT JOIN bags_bag AS parent ON parent.id = scan.parent_id
    LEFT JOIN scans_scan AS target ON target.id = scan.undoes_id
    LEFT JOIN scans_scan AS undoing ON undoing.undoes_id = scan.id
    WHERE scan.id = ANY (wanted)
    ORDER BY scan.scanned_at, scan.id;
END $$;
"""
WAY = """
CREATE FUNCTION scans_way_v1(wanted bigint) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE ROWS 20 SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT scan.id FROM scans_scan AS scan WHERE scan.bag_id = wanted
    UNION SELECT scan.id FROM scans_scan AS scan WHERE scan.parent_id = wanted
    UNION SELECT scan.id FROM scans_scan AS scan WHERE scan.was_parent_id = wanted;
END $$;
"""
CARRIED = """
CREATE FUNCTION scans_carried_v1(parents bigint[], since bigint[], until bigint[])
RETURNS SETOF bigint
LANGUAGE plpgsql STABLE ROWS 5 SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT scan.id
    FROM unnest(parents, since, until) AS stay (parent, entered, gone)
    JOIN scans_scan AS scan ON scan.bag_id = stay.parent
        AND scan.id > stay.entered AND scan.id < stay.gone
    LEFT JOIN scans_scan AS target ON target.id = scan.undoes_id
    WHERE coalesce(target.step, scan.step) IN ('dispatch', 'receive', 'return');
END $$;
"""
DROP = """
DROP FUNCTION scans_carried_v1(bigint[], bigint[], bigint[]);
DROP FUNCTION scans_way_v1(bigint);
DROP FUNCTION scans_told_v1(bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0010_stay_read_committed"),
        ("bags", "0008_listed"),
        ("tracetrack", "0008_find_tokens"),
    ]
    operations = [migrations.RunSQL(TOLD + WAY + CARRIED, DROP)]
