-- Empty the daily changes when the table of bags or batches is truncated.
CREATE OR REPLACE FUNCTION dashboard_reset_days()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_TABLE_NAME = 'bags_bag' THEN
        DELETE FROM dashboard_bagday;
    ELSE
        DELETE FROM dashboard_batchday;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER dashboard_reset_days
AFTER TRUNCATE ON bags_bag
FOR EACH STATEMENT EXECUTE FUNCTION dashboard_reset_days();

CREATE OR REPLACE TRIGGER dashboard_reset_days
AFTER TRUNCATE ON bags_batch
FOR EACH STATEMENT EXECUTE FUNCTION dashboard_reset_days();
