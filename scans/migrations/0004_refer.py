"""The keys of the ledger, looked after once for each statement instead of once for each row.

A foreign key runs one look-up for every key of every row, which took as long as writing the rows.
Here one trigger asks the same of all the rows of a statement, and takes the same locks. From the
other side, what the ledger speaks of can be neither deleted nor given another number.
docs/decisions/0007-statement-level-foreign-keys.md weighs it.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

REFER = """
CREATE FUNCTION scans_refer_v1() RETURNS trigger
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    bags bigint[] := ARRAY(
        SELECT bag_id FROM added
        UNION SELECT parent_id FROM added WHERE parent_id IS NOT NULL
        UNION SELECT was_parent_id FROM added WHERE was_parent_id IS NOT NULL
        ORDER BY 1);
    areas bigint[] := ARRAY(
        SELECT area_id FROM added
        UNION SELECT was_area_id FROM added WHERE was_area_id IS NOT NULL
        UNION SELECT was_bound_for_id FROM added WHERE was_bound_for_id IS NOT NULL
        ORDER BY 1);
    actors bigint[] := ARRAY(SELECT DISTINCT actor_id FROM added ORDER BY 1);
    undone bigint[] := ARRAY(
        SELECT DISTINCT undoes_id FROM added WHERE undoes_id IS NOT NULL ORDER BY 1);
    found int;
    missing text;
BEGIN
    -- Whoever deletes one of them meanwhile waits until this transaction ends, and then sees it.
    PERFORM FROM bags_bag WHERE id = ANY (bags) ORDER BY id FOR KEY SHARE;
    GET DIAGNOSTICS found = ROW_COUNT;
    IF found < cardinality(bags) THEN missing := 'bag'; END IF;
    PERFORM FROM bags_area WHERE id = ANY (areas) ORDER BY id FOR KEY SHARE;
    GET DIAGNOSTICS found = ROW_COUNT;
    IF found < cardinality(areas) THEN missing := 'area'; END IF;
    PERFORM FROM tracetrack_user WHERE id = ANY (actors) ORDER BY id FOR KEY SHARE;
    GET DIAGNOSTICS found = ROW_COUNT;
    IF found < cardinality(actors) THEN missing := 'actor'; END IF;
    IF cardinality(undone) > 0 THEN
        -- The ledger has no eraser, so its own rows need no lock.
        PERFORM FROM scans_scan WHERE id = ANY (undone);
        GET DIAGNOSTICS found = ROW_COUNT;
        IF found < cardinality(undone) THEN missing := 'scan'; END IF;
    END IF;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'A scan speaks of a % that there is not.', missing
            USING ERRCODE = 'foreign_key_violation', TABLE = 'scans_scan',
                CONSTRAINT = 'scan_refers_to_what_exists';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER scans_refer_insert_v1 AFTER INSERT ON scans_scan
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION scans_refer_v1();
CREATE TRIGGER scans_refer_update_v1 AFTER UPDATE ON scans_scan
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION scans_refer_v1();
"""
DROP_REFER = """
DROP TRIGGER scans_refer_insert_v1 ON scans_scan;
DROP TRIGGER scans_refer_update_v1 ON scans_scan;
DROP FUNCTION scans_refer_v1();
"""

STAY = """
CREATE FUNCTION scans_stay_v1() RETURNS trigger
LANGUAGE plpgsql SET enable_seqscan = off AS $$
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

CREATE FUNCTION scans_stay_number_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What the ledger may speak of keeps its number.'
        USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME,
            CONSTRAINT = 'scan_refers_to_what_exists';
END $$;

CREATE FUNCTION scans_stay_together_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Emptied together with the ledger they may be: then it is empty by now.
    IF EXISTS (SELECT FROM scans_scan) THEN
        RAISE EXCEPTION 'The ledger speaks of what was to be emptied, %.', TG_TABLE_NAME
            USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME,
                CONSTRAINT = 'scan_refers_to_what_exists';
    END IF;
    RETURN NULL;
END $$;
"""
DROP_STAY = """
DROP FUNCTION scans_stay_v1();
DROP FUNCTION scans_stay_number_v1();
DROP FUNCTION scans_stay_together_v1();
"""

GUARD = """
CREATE TRIGGER scans_stay_delete_v1 AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION scans_stay_v1();
CREATE TRIGGER scans_stay_number_v1 BEFORE UPDATE OF id ON {table}
    FOR EACH ROW WHEN (OLD.id <> NEW.id) EXECUTE FUNCTION scans_stay_number_v1();
CREATE TRIGGER scans_stay_truncate_v1 AFTER TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION scans_stay_together_v1();
"""
DROP_GUARD = """
DROP TRIGGER scans_stay_delete_v1 ON {table};
DROP TRIGGER scans_stay_number_v1 ON {table};
DROP TRIGGER scans_stay_truncate_v1 ON {table};
"""
SPOKEN_OF = ("bags_bag", "bags_area", "tracetrack_user")


class Migration(migrations.Migration):
    dependencies = [
        ("bags", "0001_initial"),
        ("scans", "0003_desk"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="scan",
            name="actor",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="scan",
            name="area",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="bags.area",
            ),
        ),
        migrations.AlterField(
            model_name="scan",
            name="bag",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="bags.bag",
            ),
        ),
        migrations.AlterField(
            model_name="scan",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="bags.bag",
            ),
        ),
        migrations.AlterField(
            model_name="scan",
            name="undoes",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="scans.scan",
            ),
        ),
        migrations.AlterField(
            model_name="scan",
            name="was_area",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="bags.area",
            ),
        ),
        migrations.AlterField(
            model_name="scan",
            name="was_bound_for",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="bags.area",
            ),
        ),
        migrations.AlterField(
            model_name="scan",
            name="was_parent",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="bags.bag",
            ),
        ),
        migrations.RunSQL(REFER, DROP_REFER),
        migrations.RunSQL(STAY, DROP_STAY),
        *(
            migrations.RunSQL(GUARD.format(table=table), DROP_GUARD.format(table=table))
            for table in SPOKEN_OF
        ),
    ]
