-- Set the bag counters to a recount. The caller has locked out writers.
-- Pending counts are rolled up first, because they belong to the daily changes as well.
SELECT dashboard_roll_up_bags();
DELETE FROM dashboard_bagtally;
INSERT INTO dashboard_bagtally (kind, bag_type_id, area_id, bound_for_id, state, total)
SELECT kind, bag_type_id, area_id, bound_for_id, state, count(*)
FROM bags_bag GROUP BY 1, 2, 3, 4, 5
