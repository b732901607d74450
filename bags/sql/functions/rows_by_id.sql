-- Return bags as lists show them, in the order of the given ids. A function, because planning the
-- join of six tables takes longer than running it; enable_seqscan is off so that a plan made while
-- the tables were small stays on the indexes. The columns are those of bags/list_fields.py.
CREATE OR REPLACE FUNCTION bags_rows_by_id(wanted bigint[])
RETURNS TABLE (
    id bigint, code text, kind text, bag_type text, batch text, area text, bound_for text,
    state text, parent text, child_count integer, capacity integer, weight text
)
LANGUAGE plpgsql
STABLE ROWS 20
SET enable_seqscan = off
AS $$
BEGIN
    RETURN QUERY
    SELECT bag.id, bag.code::text, bag.kind::text, bag_type.name::text, batch.code::text,
        area.code::text, bound_for.code::text, bag.state::text, parent.code::text,
        CASE WHEN bag.kind = 'parent' THEN bag.child_count::integer END, bag.capacity::integer,
        bag.weight::text
    FROM unnest(wanted) WITH ORDINALITY AS one (bag, turn)
    JOIN bags_bag AS bag ON bag.id = one.bag
    JOIN bags_bagtype AS bag_type ON bag_type.id = bag.bag_type_id
    JOIN bags_area AS area ON area.id = bag.area_id
    LEFT JOIN bags_area AS bound_for ON bound_for.id = bag.bound_for_id
    LEFT JOIN bags_batch AS batch ON batch.id = bag.batch_id
    LEFT JOIN bags_bag AS parent ON parent.id = bag.parent_id
    ORDER BY one.turn;
END $$;
