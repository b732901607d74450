-- Lock the bags before areas or bag types are deleted, so that no concurrent insert can reference
-- the deleted rows.
CREATE OR REPLACE FUNCTION bags_lock_before_delete()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    -- The question afterwards has to see what was committed when it is asked.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'Areas and bag types are deleted in transactions that are READ COMMITTED.'
            USING ERRCODE = 'feature_not_supported';
    END IF;
    -- Waits for all who write bags; who comes later waits, and finds it gone.
    LOCK TABLE bags_bag IN SHARE ROW EXCLUSIVE MODE;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER bags_lock_before_delete
BEFORE DELETE ON bags_area
FOR EACH STATEMENT EXECUTE FUNCTION bags_lock_before_delete();

CREATE OR REPLACE TRIGGER bags_lock_before_delete
BEFORE DELETE ON bags_bagtype
FOR EACH STATEMENT EXECUTE FUNCTION bags_lock_before_delete();
