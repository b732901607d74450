-- Where the express lane works: made once for each connection, empty for each group. A transaction
-- begins with empty tables; TRUNCATE would give each new files, which takes 20 ms.
CREATE TEMPORARY TABLE IF NOT EXISTS scans_staged (
    n int, plain boolean, ref uuid, step text, code text COLLATE "C", parent_code text COLLATE "C",
    area_id bigint, actor_id bigint, station text, scanned_at timestamptz, note text,
    kind text, bag_type_id bigint, parent_kind text, parent_type_id bigint,
    birth uuid, parent_birth uuid
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS scans_codes (
    code text COLLATE "C", first int, born int, acts int, links int, others int,
    fresh boolean, id bigint, kind text, bag_type_id bigint, parent_id bigint, area_id bigint,
    bound_for_id bigint, state text, capacity int, child_count int, weight numeric, held boolean
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS scans_hard (n int) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS scans_links (
    n int, bag_id bigint, parent_id bigint, opens boolean, weight numeric,
    area_id bigint, bound_for_id bigint
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS scans_changes (
    id bigint, state text, parent_id bigint, area_id bigint, bound_for_id bigint, child_count int,
    weight numeric
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS scans_decided (
    n int, turn int, ref uuid, bag_id bigint, parent_id bigint, step text, outcome text,
    unexpected boolean, forced boolean, actor_id bigint, area_id bigint, station text,
    scanned_at timestamptz, recorded_at timestamptz, note text, undoes_id bigint, was_state text,
    was_area_id bigint, was_bound_for_id bigint, was_parent_id bigint, was_parent_state text
) ON COMMIT DELETE ROWS;
-- Tables of one group are hashed; merging would read the index of a large table from end to end.
SET LOCAL enable_mergejoin = off;
DO $$
BEGIN
    IF EXISTS (SELECT FROM scans_staged) THEN
        TRUNCATE scans_staged, scans_codes, scans_hard, scans_links, scans_changes, scans_decided;
    END IF;
END $$;
-- Ids are taken before the bags are written, and must be announced before they are taken: the
-- trigger does so for any statement, also one that adds nothing (bags/migrations/0004_announce.py).
INSERT INTO bags_bag (code) SELECT code FROM bags_bag WHERE false
