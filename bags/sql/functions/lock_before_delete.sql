-- Lock the bags before areas or bag types are deleted, so that no concurrent insert can reference
-- the deleted rows.
CREATE OR REPLACE FUNCTION bags_lock_before_delete()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    -- The check after the deletion must see all rows that are committed by then: READ COMMITTED only.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'Areas and bag types can only be deleted in READ COMMITTED transactions.'
            USING ERRCODE = 'feature_not_supported';
    END IF;
    -- Waits for transactions that write bags. Later ones wait for this one, and do not find the row.
    LOCK TABLE bags_bag IN SHARE ROW EXCLUSIVE MODE;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER bags_lock_before_delete
BEFORE DELETE ON bags_area
FOR EACH STATEMENT EXECUTE FUNCTION bags_lock_before_delete();

CREATE OR REPLACE TRIGGER bags_lock_before_delete
BEFORE DELETE ON bags_bagtype
FOR EACH STATEMENT EXECUTE FUNCTION bags_lock_before_delete();
