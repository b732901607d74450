-- Copy the codes of new bags to the search table bags_bagcode.
CREATE OR REPLACE FUNCTION bags_sync_codes_insert()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO bags_bagcode (bag_id, code) SELECT id, code FROM added;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER bags_sync_codes_insert
AFTER INSERT ON bags_bag
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION bags_sync_codes_insert();
