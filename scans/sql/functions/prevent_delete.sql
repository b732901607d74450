-- Refuse to delete areas, bags and users that the ledger references.
CREATE OR REPLACE FUNCTION scans_prevent_delete()
RETURNS trigger
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
DECLARE
    spoken_of boolean;
BEGIN
    IF TG_TABLE_NAME = 'bags_bag' THEN
        SELECT EXISTS (
            SELECT FROM removed WHERE EXISTS (SELECT FROM scans_scan WHERE bag_id = removed.id)
                OR EXISTS (SELECT FROM scans_scan WHERE parent_id = removed.id)
                OR EXISTS (SELECT FROM scans_scan WHERE was_parent_id = removed.id)
        ) INTO spoken_of;
    ELSIF TG_TABLE_NAME = 'bags_area' THEN
        -- An area that bags have left is one where they were scanned, but perhaps not by that name.
        SELECT EXISTS (
            SELECT FROM removed WHERE EXISTS (SELECT FROM scans_scan WHERE area_id = removed.id)
                OR EXISTS (SELECT FROM scans_scan WHERE was_area_id = removed.id)
                OR EXISTS (SELECT FROM scans_scan WHERE was_bound_for_id = removed.id)
        ) INTO spoken_of;
    ELSE
        SELECT EXISTS (
            SELECT FROM removed WHERE EXISTS (SELECT FROM scans_scan WHERE actor_id = removed.id)
        ) INTO spoken_of;
    END IF;
    IF spoken_of THEN
        RAISE EXCEPTION 'The ledger speaks of what is to be deleted from %.', TG_TABLE_NAME
            USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME,
                CONSTRAINT = 'scan_refers_to_what_exists';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER scans_prevent_delete
AFTER DELETE ON bags_area
REFERENCING OLD TABLE AS removed
FOR EACH STATEMENT EXECUTE FUNCTION scans_prevent_delete();

CREATE OR REPLACE TRIGGER scans_prevent_delete
AFTER DELETE ON bags_bag
REFERENCING OLD TABLE AS removed
FOR EACH STATEMENT EXECUTE FUNCTION scans_prevent_delete();

CREATE OR REPLACE TRIGGER scans_prevent_delete
AFTER DELETE ON accounts_user
REFERENCING OLD TABLE AS removed
FOR EACH STATEMENT EXECUTE FUNCTION scans_prevent_delete();
