-- Delete the codes of deleted bags from the search table bags_bagcode.
CREATE OR REPLACE FUNCTION bags_sync_codes_delete()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM bags_bagcode WHERE bag_id IN (SELECT id FROM gone);
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER bags_sync_codes_delete
AFTER DELETE ON bags_bag
REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION bags_sync_codes_delete();
