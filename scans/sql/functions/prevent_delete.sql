-- Refuse to delete areas, bags and users that the ledger references.
CREATE OR REPLACE FUNCTION scans_prevent_delete()
RETURNS trigger
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
DECLARE
    is_referenced boolean;
BEGIN
    IF TG_TABLE_NAME = 'bags_bag' THEN
        SELECT EXISTS (
            SELECT FROM removed WHERE EXISTS (SELECT FROM scans_scan WHERE bag_id = removed.id)
                OR EXISTS (SELECT FROM scans_scan WHERE parent_id = removed.id)
                OR EXISTS (SELECT FROM scans_scan WHERE was_parent_id = removed.id)
        ) INTO is_referenced;
    ELSIF TG_TABLE_NAME = 'bags_area' THEN
        -- An area that a bag left may be in no other column of the ledger.
        SELECT EXISTS (
            SELECT FROM removed WHERE EXISTS (SELECT FROM scans_scan WHERE area_id = removed.id)
                OR EXISTS (SELECT FROM scans_scan WHERE was_area_id = removed.id)
                OR EXISTS (SELECT FROM scans_scan WHERE was_bound_for_id = removed.id)
        ) INTO is_referenced;
    ELSE
        SELECT EXISTS (
            SELECT FROM removed WHERE EXISTS (SELECT FROM scans_scan WHERE actor_id = removed.id)
        ) INTO is_referenced;
    END IF;
    IF is_referenced THEN
        RAISE EXCEPTION 'The ledger references rows to be deleted from %.', TG_TABLE_NAME
            USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME,
                CONSTRAINT = 'scan_references_exist';
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
