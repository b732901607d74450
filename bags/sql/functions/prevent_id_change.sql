-- Refuse to change the id of an area or bag type.
CREATE OR REPLACE FUNCTION bags_prevent_id_change()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION 'The id of an area or a bag type cannot be changed.'
        USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME,
            CONSTRAINT = 'bag_refers_to_what_exists';
END $$;

CREATE OR REPLACE TRIGGER bags_prevent_id_change
BEFORE UPDATE OF id ON bags_area
FOR EACH ROW WHEN (old.id <> new.id)
EXECUTE FUNCTION bags_prevent_id_change();

CREATE OR REPLACE TRIGGER bags_prevent_id_change
BEFORE UPDATE OF id ON bags_bagtype
FOR EACH ROW WHEN (old.id <> new.id)
EXECUTE FUNCTION bags_prevent_id_change();
