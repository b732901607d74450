-- Move pending bag counters to the tally and to the daily changes of the last two days.
CREATE OR REPLACE FUNCTION dashboard_roll_up_bags()
RETURNS void
LANGUAGE sql
AS $$
    DELETE FROM dashboard_bagday
    WHERE day < (now() AT TIME ZONE dashboard_business_zone())::date - 1;
    WITH removed AS (DELETE FROM dashboard_bagpending RETURNING *),
    changed AS (
        INSERT INTO dashboard_bagday AS d
            (day, kind, bag_type_id, area_id, bound_for_id, state, total)
        SELECT day, kind, bag_type_id, area_id, bound_for_id, state, sum(total)
        FROM removed
        WHERE day >= (now() AT TIME ZONE dashboard_business_zone())::date - 1
        GROUP BY 1, 2, 3, 4, 5, 6
        ON CONFLICT (day, kind, bag_type_id, area_id, bound_for_id, state)
        DO UPDATE SET total = d.total + excluded.total
    )
    INSERT INTO dashboard_bagtally AS t (kind, bag_type_id, area_id, bound_for_id, state, total)
    SELECT kind, bag_type_id, area_id, bound_for_id, state, sum(total)
    FROM removed GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (kind, bag_type_id, area_id, bound_for_id, state)
    DO UPDATE SET total = t.total + excluded.total;
$$;
