-- Write the changes of fast_path_changes.sql: one index look-up per bag, however many bags there are.
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
UPDATE bags_bag AS bag
SET state = new.state, parent_id = new.parent_id, area_id = new.area_id,
    bound_for_id = new.bound_for_id, child_count = new.child_count, weight = new.weight
FROM fast_path_changes AS new
WHERE bag.id = new.id;
SET LOCAL enable_hashjoin = on
