-- Move pending batch counters to the tally and to the daily changes of the last two days.
CREATE OR REPLACE FUNCTION dashboard_roll_up_batches()
RETURNS void
LANGUAGE sql
AS $$
    DELETE FROM dashboard_batchday
    WHERE day < (now() AT TIME ZONE dashboard_business_zone())::date - 1;
    WITH removed AS (DELETE FROM dashboard_batchpending RETURNING *),
    changed AS (
        INSERT INTO dashboard_batchday AS d (day, state, held, total)
        SELECT day, state, held, sum(total)
        FROM removed
        WHERE day >= (now() AT TIME ZONE dashboard_business_zone())::date - 1
        GROUP BY 1, 2, 3
        ON CONFLICT (day, state, held) DO UPDATE SET total = d.total + excluded.total
    )
    INSERT INTO dashboard_batchtally AS t (state, held, total)
    SELECT state, held, sum(total) FROM removed GROUP BY 1, 2
    ON CONFLICT (state, held) DO UPDATE SET total = t.total + excluded.total;
$$;
