"""Areas and types of bags are looked up once for each statement, and without locking them.

A foreign key locks the row that a bag speaks of, which is a write, and everybody who registers or
moves a bag writes to the same ten areas. Deleting one is rare: who does so locks the bags.
docs/decisions/0007-statement-level-foreign-keys.md weighs it.
"""

import django.db.models.deletion
from django.db import migrations, models

REFER = """
CREATE FUNCTION bags_refer_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The question below has to see what was committed when it is asked.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'Bags are written in transactions that are READ COMMITTED.'
            USING ERRCODE = 'feature_not_supported';
    END IF;
    IF EXISTS (
        SELECT FROM added
        WHERE area_id NOT IN (SELECT id FROM bags_area)
            OR bound_for_id NOT IN (SELECT id FROM bags_area)
            OR bag_type_id NOT IN (SELECT id FROM bags_bagtype)
    ) THEN
        RAISE EXCEPTION 'A bag speaks of an area or a bag type that there is not.'
            USING ERRCODE = 'foreign_key_violation', TABLE = 'bags_bag',
                CONSTRAINT = 'bag_refers_to_what_exists';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER bags_refer_insert_v1 AFTER INSERT ON bags_bag
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION bags_refer_v1();
CREATE TRIGGER bags_refer_update_v1 AFTER UPDATE ON bags_bag
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION bags_refer_v1();
"""
DROP_REFER = """
DROP TRIGGER bags_refer_insert_v1 ON bags_bag;
DROP TRIGGER bags_refer_update_v1 ON bags_bag;
DROP FUNCTION bags_refer_v1();
"""

STAY = """
CREATE FUNCTION bags_stay_wait_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The question afterwards has to see what was committed when it is asked.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'Areas and bag types are deleted in transactions that are READ COMMITTED.'
            USING ERRCODE = 'feature_not_supported';
    END IF;
    -- Waits for all who write bags; who comes later waits, and finds it gone.
    LOCK TABLE bags_bag IN SHARE ROW EXCLUSIVE MODE;
    RETURN NULL;
END $$;

CREATE FUNCTION bags_stay_v1() RETURNS trigger
LANGUAGE plpgsql SET enable_seqscan = off AS $$
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
        RAISE EXCEPTION 'Bags speak of what is to be deleted from %.', TG_TABLE_NAME
            USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME,
                CONSTRAINT = 'bag_refers_to_what_exists';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION bags_stay_number_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What bags may speak of keeps its number.'
        USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME,
            CONSTRAINT = 'bag_refers_to_what_exists';
END $$;

CREATE FUNCTION bags_stay_together_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'Areas and bag types are emptied in transactions that are READ COMMITTED.'
            USING ERRCODE = 'feature_not_supported';
    END IF;
    -- Emptied together with the bags they may be: then there are none by now.
    IF EXISTS (SELECT FROM bags_bag) THEN
        RAISE EXCEPTION 'Bags speak of what was to be emptied, %.', TG_TABLE_NAME
            USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME,
                CONSTRAINT = 'bag_refers_to_what_exists';
    END IF;
    RETURN NULL;
END $$;
"""
DROP_STAY = """
DROP FUNCTION bags_stay_wait_v1();
DROP FUNCTION bags_stay_v1();
DROP FUNCTION bags_stay_number_v1();
DROP FUNCTION bags_stay_together_v1();
"""

GUARD = """
CREATE TRIGGER bags_stay_wait_v1 BEFORE DELETE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION bags_stay_wait_v1();
CREATE TRIGGER bags_stay_delete_v1 AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION bags_stay_v1();
CREATE TRIGGER bags_stay_number_v1 BEFORE UPDATE OF id ON {table}
    FOR EACH ROW WHEN (OLD.id <> NEW.id) EXECUTE FUNCTION bags_stay_number_v1();
CREATE TRIGGER bags_stay_truncate_v1 AFTER TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION bags_stay_together_v1();
"""
DROP_GUARD = """
DROP TRIGGER bags_stay_wait_v1 ON {table};
DROP TRIGGER bags_stay_delete_v1 ON {table};
DROP TRIGGER bags_stay_number_v1 ON {table};
DROP TRIGGER bags_stay_truncate_v1 ON {table};
"""
SPOKEN_OF = ("bags_area", "bags_bagtype")


class Migration(migrations.Migration):
    dependencies = [
        ("bags", "0005_code_checked_faster"),
    ]

    operations = [
        migrations.AlterField(
            model_name="bag",
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
            model_name="bag",
            name="bag_type",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="bags.bagtype",
            ),
        ),
        migrations.AlterField(
            model_name="bag",
            name="bound_for",
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
        migrations.RunSQL(REFER, DROP_REFER),
        migrations.RunSQL(STAY, DROP_STAY),
        *(
            migrations.RunSQL(GUARD.format(table=table), DROP_GUARD.format(table=table))
            for table in SPOKEN_OF
        ),
    ]
