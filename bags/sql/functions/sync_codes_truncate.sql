-- Empty the search table bags_bagcode when the bags are truncated.
CREATE OR REPLACE FUNCTION bags_sync_codes_truncate()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    -- DELETE, because the same statement may truncate this table, and TRUNCATE cannot run twice.
    DELETE FROM bags_bagcode;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER bags_sync_codes_truncate
AFTER TRUNCATE ON bags_bag
FOR EACH STATEMENT EXECUTE FUNCTION bags_sync_codes_truncate();
