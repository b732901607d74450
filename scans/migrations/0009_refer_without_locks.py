"""What the ledger speaks of is looked up without locking it; who deletes locks the ledger.

A key share lock writes to each row that it locks: everybody who scanned wrote to the row of his
area and his own, and where several did so at once PostgreSQL kept lists of them. Deleting areas,
people and bags is rare. docs/decisions/0007-statement-level-foreign-keys.md
"""

from django.db import migrations

REFER = """
CREATE FUNCTION scans_refer_v2() RETURNS trigger
LANGUAGE plpgsql SET enable_seqscan = off AS $$
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
    -- Each question below has to see what was committed when it is asked.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'The ledger is written in transactions that are READ COMMITTED.'
            USING ERRCODE = 'feature_not_supported';
    END IF;
    -- By arrays: a join may read the whole table, and its plan may outlive the time it was small.
    IF (SELECT count(*) FROM bags_bag WHERE id = ANY (bags)) < cardinality(bags) THEN
        missing := 'bag';
    ELSIF (SELECT count(*) FROM bags_area WHERE id = ANY (areas)) < cardinality(areas) THEN
        missing := 'area';
    ELSIF (SELECT count(*) FROM tracetrack_user WHERE id = ANY (actors)) < cardinality(actors) THEN
        missing := 'actor';
    ELSIF cardinality(undone) > 0 THEN
        IF (SELECT count(*) FROM scans_scan WHERE id = ANY (undone)) < cardinality(undone) THEN
            missing := 'scan';
        END IF;
    END IF;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'A scan speaks of a % that there is not.', missing
            USING ERRCODE = 'foreign_key_violation', TABLE = 'scans_scan',
                CONSTRAINT = 'scan_refers_to_what_exists';
    END IF;
    RETURN NULL;
END $$;
"""
DROP_REFER = "DROP FUNCTION scans_refer_v2();"

TRIGGERS = """
DROP TRIGGER scans_refer_insert_v{before} ON scans_scan;
DROP TRIGGER scans_refer_update_v{before} ON scans_scan;
CREATE TRIGGER scans_refer_insert_v{now} AFTER INSERT ON scans_scan
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION scans_refer_v{now}();
CREATE TRIGGER scans_refer_update_v{now} AFTER UPDATE ON scans_scan
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION scans_refer_v{now}();
"""

WAIT = """
CREATE FUNCTION scans_stay_wait_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Waits for all who write to the ledger; who comes later waits, and finds it gone.
    LOCK TABLE scans_scan IN SHARE ROW EXCLUSIVE MODE;
    RETURN NULL;
END $$;
"""
DROP_WAIT = "DROP FUNCTION scans_stay_wait_v1();"

GUARD = """
CREATE TRIGGER scans_stay_wait_v1 BEFORE DELETE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION scans_stay_wait_v1();
"""
DROP_GUARD = "DROP TRIGGER scans_stay_wait_v1 ON {table};"
SPOKEN_OF = ("bags_bag", "bags_area", "tracetrack_user")


class Migration(migrations.Migration):
    dependencies = [("scans", "0008_desk_by_keys")]
    operations = [
        migrations.RunSQL(WAIT, DROP_WAIT),
        *(
            migrations.RunSQL(GUARD.format(table=table), DROP_GUARD.format(table=table))
            for table in SPOKEN_OF
        ),
        migrations.RunSQL(REFER, DROP_REFER),
        migrations.RunSQL(TRIGGERS.format(before=1, now=2), TRIGGERS.format(before=2, now=1)),
    ]
