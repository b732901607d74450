-- Set the bag counters to a recount. The caller holds the lock that keeps writers out.
-- What is pending is rolled up first, so that what today changed is not forgotten.
SELECT dashboard_roll_up_bags();
DELETE FROM dashboard_bagtally;
INSERT INTO dashboard_bagtally (kind, bag_type_id, area_id, bound_for_id, state, total)
SELECT kind, bag_type_id, area_id, bound_for_id, state, count(*)
FROM bags_bag GROUP BY 1, 2, 3, 4, 5
