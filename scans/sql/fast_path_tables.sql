-- Create the temporary tables of the fast path once for each connection, and empty them.
-- A transaction starts with empty tables (ON COMMIT DELETE ROWS); TRUNCATE creates new files, which
-- takes 20 ms, and is only needed for a second group in the same transaction.
-- Placeholders: the columns copied from the request, and all columns of the ledger.
CREATE TEMPORARY TABLE IF NOT EXISTS fast_path_requests (
    n int, is_plain boolean, ref uuid, step text, code text COLLATE "C",
    parent_code text COLLATE "C", area_id bigint, actor_id bigint, {request_definitions},
    kind text, bag_type_id bigint, parent_kind text, parent_type_id bigint,
    register_ref uuid, parent_register_ref uuid
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS fast_path_codes (
    code text COLLATE "C", first_row int, created_by_row int, change_rows int, link_rows int,
    other_parent_rows int, is_new boolean, id bigint, kind text, bag_type_id bigint,
    parent_id bigint, area_id bigint, bound_for_id bigint, state text, capacity int,
    child_count int, weight numeric, held boolean
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS fast_path_needs_rules (n int) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS fast_path_links (
    n int, bag_id bigint, parent_id bigint, creates_parent boolean, weight numeric,
    area_id bigint, bound_for_id bigint
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS fast_path_changes (
    id bigint, state text, parent_id bigint, area_id bigint, bound_for_id bigint, child_count int,
    weight numeric
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS fast_path_scans (
    n int, seq int, {ledger_definitions}
) ON COMMIT DELETE ROWS;
-- A merge join with the small temporary tables would read an index of a large table completely.
SET LOCAL enable_mergejoin = off;
DO $$
BEGIN
    IF EXISTS (SELECT FROM fast_path_requests) THEN
        TRUNCATE fast_path_requests, fast_path_codes, fast_path_needs_rules, fast_path_links,
            fast_path_changes, fast_path_scans;
    END IF;
END $$;
-- Ids of new bags are taken before the bags are inserted. The trigger that registers the insert
-- horizon must run before; it runs for any INSERT, also for one without rows.
INSERT INTO bags_bag (code) SELECT code FROM bags_bag WHERE false
