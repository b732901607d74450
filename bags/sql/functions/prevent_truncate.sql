-- Refuse to truncate areas or bag types while there are bags.
CREATE OR REPLACE FUNCTION bags_prevent_truncate()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'Areas and bag types can only be truncated in READ COMMITTED transactions.'
            USING ERRCODE = 'feature_not_supported';
    END IF;
    -- If the same statement truncates the bags as well, there are none by now.
    IF EXISTS (SELECT FROM bags_bag) THEN
        RAISE EXCEPTION 'Bags still reference rows of the truncated table %.', TG_TABLE_NAME
            USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME,
                CONSTRAINT = 'bag_refers_to_what_exists';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER bags_prevent_truncate
AFTER TRUNCATE ON bags_area
FOR EACH STATEMENT EXECUTE FUNCTION bags_prevent_truncate();

CREATE OR REPLACE TRIGGER bags_prevent_truncate
AFTER TRUNCATE ON bags_bagtype
FOR EACH STATEMENT EXECUTE FUNCTION bags_prevent_truncate();
