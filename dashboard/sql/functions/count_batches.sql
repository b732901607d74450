-- Append changes of batches to the pending counters, and roll them up now and then.
CREATE OR REPLACE FUNCTION dashboard_count_batches()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM dashboard_batchpending;
        DELETE FROM dashboard_batchtally;
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO dashboard_batchpending (state, held, total)
        SELECT state, held, count(*) FROM added GROUP BY 1, 2;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO dashboard_batchpending (state, held, total)
        SELECT state, held, -count(*) FROM removed GROUP BY 1, 2;
    ELSE
        INSERT INTO dashboard_batchpending (state, held, total)
        SELECT state, held, sum(n)
        FROM (
            SELECT state, held, 1 AS n FROM added
            UNION ALL
            SELECT state, held, -1 FROM removed
        ) AS changes
        GROUP BY 1, 2 HAVING sum(n) <> 0;
    END IF;
    IF random() < 0.01 AND pg_try_advisory_xact_lock(hashtext('dashboard_roll_up_batches')) THEN
        PERFORM dashboard_roll_up_batches();
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER dashboard_count_batches_delete
AFTER DELETE ON bags_batch
REFERENCING OLD TABLE AS removed
FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_batches();

CREATE OR REPLACE TRIGGER dashboard_count_batches_insert
AFTER INSERT ON bags_batch
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_batches();

CREATE OR REPLACE TRIGGER dashboard_count_batches_truncate
AFTER TRUNCATE ON bags_batch
FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_batches();

CREATE OR REPLACE TRIGGER dashboard_count_batches_update
AFTER UPDATE ON bags_batch
REFERENCING OLD TABLE AS removed NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_batches();
