-- Refuse to truncate areas, bags or users while there are scans.
CREATE OR REPLACE FUNCTION scans_prevent_truncate()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'Rows that the ledger may reference are deleted in READ COMMITTED transactions only.'
            USING ERRCODE = 'feature_not_supported';
    END IF;
    -- A TRUNCATE that includes the ledger is allowed: the ledger is empty by now.
    IF EXISTS (SELECT FROM scans_scan) THEN
        RAISE EXCEPTION 'The ledger references rows of %, which cannot be truncated.', TG_TABLE_NAME
            USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME,
                CONSTRAINT = 'scan_references_exist';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER scans_prevent_truncate
AFTER TRUNCATE ON bags_area
FOR EACH STATEMENT EXECUTE FUNCTION scans_prevent_truncate();

CREATE OR REPLACE TRIGGER scans_prevent_truncate
AFTER TRUNCATE ON bags_bag
FOR EACH STATEMENT EXECUTE FUNCTION scans_prevent_truncate();

CREATE OR REPLACE TRIGGER scans_prevent_truncate
AFTER TRUNCATE ON accounts_user
FOR EACH STATEMENT EXECUTE FUNCTION scans_prevent_truncate();
