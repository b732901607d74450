-- Lock the ledger before areas, bags or users are deleted, so that no concurrent insert can
-- reference the deleted rows.
CREATE OR REPLACE FUNCTION scans_lock_before_delete()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'Rows that the ledger may reference are deleted in READ COMMITTED transactions only.'
            USING ERRCODE = 'feature_not_supported';
    END IF;
    -- Wait for transactions that write to the ledger; later ones wait and find the row deleted.
    LOCK TABLE scans_scan IN SHARE ROW EXCLUSIVE MODE;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER scans_lock_before_delete
BEFORE DELETE ON bags_area
FOR EACH STATEMENT EXECUTE FUNCTION scans_lock_before_delete();

CREATE OR REPLACE TRIGGER scans_lock_before_delete
BEFORE DELETE ON bags_bag
FOR EACH STATEMENT EXECUTE FUNCTION scans_lock_before_delete();

CREATE OR REPLACE TRIGGER scans_lock_before_delete
BEFORE DELETE ON accounts_user
FOR EACH STATEMENT EXECUTE FUNCTION scans_lock_before_delete();
