-- Refuse to change the id of an area, bag or user.
CREATE OR REPLACE FUNCTION scans_prevent_id_change()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION 'Rows that the ledger may reference keep their id.'
        USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME,
            CONSTRAINT = 'scan_references_exist';
END $$;

CREATE OR REPLACE TRIGGER scans_prevent_id_change
BEFORE UPDATE OF id ON bags_area
FOR EACH ROW WHEN (old.id <> new.id)
EXECUTE FUNCTION scans_prevent_id_change();

CREATE OR REPLACE TRIGGER scans_prevent_id_change
BEFORE UPDATE OF id ON bags_bag
FOR EACH ROW WHEN (old.id <> new.id)
EXECUTE FUNCTION scans_prevent_id_change();

CREATE OR REPLACE TRIGGER scans_prevent_id_change
BEFORE UPDATE OF id ON accounts_user
FOR EACH ROW WHEN (old.id <> new.id)
EXECUTE FUNCTION scans_prevent_id_change();
