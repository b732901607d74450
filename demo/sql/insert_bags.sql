-- Insert the bags of some loads in the state in which the scans of insert_scans.sql leave them.
-- Labels of children come from rolls of a thousand, and the rolls are used in no particular order.
-- No label starts with 9, so that tests and benchmarks can use these.
-- Parameters: from_load, to_load bigint (half-open), mustard bigint.
INSERT INTO bags_bag (id, code, kind, bag_type_id, batch_id, parent_id, area_id, bound_for_id, state,
    capacity, child_count, weight)
SELECT bag,
    CASE
        WHEN parent AND type_id = %(mustard)s THEN 'SB' || lpad(nth::text, 8, '0')
        WHEN parent THEN 'M444-' || lpad(nth::text, 5, '0')
        ELSE CASE WHEN type_id = %(mustard)s THEN 'CB' ELSE 'MG' END
            || lpad(mod(bag / 1000 * 617999, 900000)::text, 6, '0')
            || lpad(mod(bag, 1000)::text, 3, '0')
    END,
    CASE WHEN parent THEN 'parent' ELSE 'child' END,
    type_id, batch_id,
    CASE WHEN NOT parent AND NOT is_loose THEN first_bag END,
    CASE WHEN state = 'received' THEN dest_id ELSE area_id END,
    CASE WHEN state = 'dispatched' THEN dest_id END,
    CASE WHEN parent OR is_loose THEN state ELSE 'linked' END,
    CASE WHEN parent THEN capacity END,
    CASE WHEN parent THEN filled ELSE 0 END,
    CASE WHEN parent THEN filled * child_weight ELSE child_weight END
FROM (
    SELECT *, bag = first_bag AND NOT is_loose AS parent
    FROM seed_load
    CROSS JOIN LATERAL generate_series(first_bag, first_bag + filled - is_loose::int) AS bag
    WHERE load >= %(from_load)s AND load < %(to_load)s
) AS bags
ORDER BY bag
