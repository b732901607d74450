-- Append changes of bags to the pending counters, and roll them up now and then. A statement
-- trigger takes no row locks, so counting never makes two writers wait for each other.
CREATE OR REPLACE FUNCTION dashboard_count_bags()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM dashboard_bagpending;
        DELETE FROM dashboard_bagtally;
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO dashboard_bagpending (kind, bag_type_id, area_id, bound_for_id, state, total)
        SELECT kind, bag_type_id, area_id, bound_for_id, state, count(*)
        FROM added GROUP BY 1, 2, 3, 4, 5;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO dashboard_bagpending (kind, bag_type_id, area_id, bound_for_id, state, total)
        SELECT kind, bag_type_id, area_id, bound_for_id, state, -count(*)
        FROM removed GROUP BY 1, 2, 3, 4, 5;
    ELSE
        INSERT INTO dashboard_bagpending (kind, bag_type_id, area_id, bound_for_id, state, total)
        SELECT kind, bag_type_id, area_id, bound_for_id, state, sum(n)
        FROM (
            SELECT kind, bag_type_id, area_id, bound_for_id, state, 1 AS n FROM added
            UNION ALL
            SELECT kind, bag_type_id, area_id, bound_for_id, state, -1 FROM removed
        ) AS changes
        GROUP BY 1, 2, 3, 4, 5 HAVING sum(n) <> 0;
    END IF;
    IF random() < 0.004 AND pg_try_advisory_xact_lock(hashtext('dashboard_roll_up_bags')) THEN
        PERFORM dashboard_roll_up_bags();
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER dashboard_count_bags_delete
AFTER DELETE ON bags_bag
REFERENCING OLD TABLE AS removed
FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_bags();

CREATE OR REPLACE TRIGGER dashboard_count_bags_insert
AFTER INSERT ON bags_bag
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_bags();

CREATE OR REPLACE TRIGGER dashboard_count_bags_truncate
AFTER TRUNCATE ON bags_bag
FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_bags();

CREATE OR REPLACE TRIGGER dashboard_count_bags_update
AFTER UPDATE ON bags_bag
REFERENCING OLD TABLE AS removed NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_bags();
