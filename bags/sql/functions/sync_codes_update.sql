-- Copy a changed code to the search table bags_bagcode.
CREATE OR REPLACE FUNCTION bags_sync_codes_update()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE bags_bagcode SET code = NEW.code WHERE bag_id = NEW.id;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER bags_sync_codes_update
AFTER UPDATE OF code ON bags_bag
FOR EACH ROW WHEN (old.code <> new.code)
EXECUTE FUNCTION bags_sync_codes_update();
