-- Check the bags, areas, users and scans that inserted scans reference, once per statement and
-- without locking the referenced rows. docs/decisions/0007-statement-level-foreign-keys.md
CREATE OR REPLACE FUNCTION scans_check_references()
RETURNS trigger
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
DECLARE
    bags bigint[] := ARRAY(
        SELECT bag_id FROM added
        UNION SELECT parent_id FROM added WHERE parent_id IS NOT NULL
        UNION SELECT was_parent_id FROM added WHERE was_parent_id IS NOT NULL);
    areas bigint[] := ARRAY(
        SELECT area_id FROM added
        UNION SELECT was_area_id FROM added WHERE was_area_id IS NOT NULL
        UNION SELECT was_bound_for_id FROM added WHERE was_bound_for_id IS NOT NULL);
    actors bigint[] := ARRAY(SELECT DISTINCT actor_id FROM added);
    undone bigint[] := ARRAY(SELECT DISTINCT undoes_id FROM added WHERE undoes_id IS NOT NULL);
    missing text;
BEGIN
    -- Each query below must see what was committed when it starts.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'The ledger is written in READ COMMITTED transactions only.'
            USING ERRCODE = 'feature_not_supported';
    END IF;
    -- Arrays instead of joins: a join planned while the tables are small reads them completely,
    -- and the plan is kept when they have grown.
    IF (SELECT count(*) FROM bags_bag WHERE id = ANY (bags)) < cardinality(bags) THEN
        missing := 'bag';
    ELSIF (SELECT count(*) FROM bags_area WHERE id = ANY (areas)) < cardinality(areas) THEN
        missing := 'area';
    ELSIF (SELECT count(*) FROM accounts_user WHERE id = ANY (actors)) < cardinality(actors) THEN
        missing := 'actor';
    ELSIF cardinality(undone) > 0 THEN
        IF (SELECT count(*) FROM scans_scan WHERE id = ANY (undone)) < cardinality(undone) THEN
            missing := 'scan';
        END IF;
    END IF;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'A scan references a missing %.', missing
            USING ERRCODE = 'foreign_key_violation', TABLE = 'scans_scan',
                CONSTRAINT = 'scan_references_exist';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER scans_check_references_insert
AFTER INSERT ON scans_scan
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION scans_check_references();

CREATE OR REPLACE TRIGGER scans_check_references_update
AFTER UPDATE ON scans_scan
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION scans_check_references();
