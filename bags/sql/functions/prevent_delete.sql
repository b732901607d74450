-- Refuse to delete areas and bag types that bags reference.
CREATE OR REPLACE FUNCTION bags_prevent_delete()
RETURNS trigger
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
DECLARE
    spoken_of boolean;
BEGIN
    IF TG_TABLE_NAME = 'bags_area' THEN
        SELECT EXISTS (
            SELECT FROM removed WHERE EXISTS (SELECT FROM bags_bag WHERE area_id = removed.id)
                OR EXISTS (SELECT FROM bags_bag WHERE bound_for_id = removed.id)
        ) INTO spoken_of;
    ELSE
        SELECT EXISTS (
            SELECT FROM removed WHERE EXISTS (SELECT FROM bags_bag WHERE bag_type_id = removed.id)
        ) INTO spoken_of;
    END IF;
    IF spoken_of THEN
        RAISE EXCEPTION 'Bags still reference rows that are deleted from %.', TG_TABLE_NAME
            USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME,
                CONSTRAINT = 'bag_refers_to_what_exists';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER bags_prevent_delete
AFTER DELETE ON bags_area
REFERENCING OLD TABLE AS removed
FOR EACH STATEMENT EXECUTE FUNCTION bags_prevent_delete();

CREATE OR REPLACE TRIGGER bags_prevent_delete
AFTER DELETE ON bags_bagtype
REFERENCING OLD TABLE AS removed
FOR EACH STATEMENT EXECUTE FUNCTION bags_prevent_delete();
