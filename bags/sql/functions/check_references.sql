-- Check the areas and bag types that inserted or changed bags reference, once per statement and
-- without locking the referenced rows. docs/decisions/0007-statement-level-foreign-keys.md
CREATE OR REPLACE FUNCTION bags_check_references()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    -- The query below must see all rows that are committed by then: READ COMMITTED only.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'Bags can only be written in READ COMMITTED transactions.'
            USING ERRCODE = 'feature_not_supported';
    END IF;
    IF EXISTS (
        SELECT FROM added
        WHERE area_id NOT IN (SELECT id FROM bags_area)
            OR bound_for_id NOT IN (SELECT id FROM bags_area)
            OR bag_type_id NOT IN (SELECT id FROM bags_bagtype)
    ) THEN
        RAISE EXCEPTION 'A bag references a missing area or bag type.'
            USING ERRCODE = 'foreign_key_violation', TABLE = 'bags_bag',
                CONSTRAINT = 'bag_refers_to_what_exists';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER bags_check_references_insert
AFTER INSERT ON bags_bag
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION bags_check_references();

CREATE OR REPLACE TRIGGER bags_check_references_update
AFTER UPDATE ON bags_bag
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION bags_check_references();
