"""Codes of bags in a table of their own, with what searches their end and their inside.

A bag that moves is written anew into every index over it. These two, of everything about a bag that
does not change, were a sixth of an import and of each dispatch of a full sack.
docs/decisions/0047-code-search-table.md
"""

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

KEEP = """
CREATE FUNCTION bags_code_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO bags_bagcode (bag_id, code) SELECT id, code FROM added;
    RETURN NULL;
END $$;
CREATE TRIGGER bags_code_insert_v1 AFTER INSERT ON bags_bag
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION bags_code_v1();

CREATE FUNCTION bags_code_changed_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE bags_bagcode SET code = NEW.code WHERE bag_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER bags_code_update_v1 AFTER UPDATE OF code ON bags_bag
    FOR EACH ROW WHEN (OLD.code <> NEW.code) EXECUTE FUNCTION bags_code_changed_v1();

CREATE FUNCTION bags_code_gone_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM bags_bagcode WHERE bag_id IN (SELECT id FROM gone);
    RETURN NULL;
END $$;
CREATE TRIGGER bags_code_delete_v1 AFTER DELETE ON bags_bag
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION bags_code_gone_v1();

CREATE FUNCTION bags_code_none_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- It may have been truncated in the same statement, which forbids doing so again.
    DELETE FROM bags_bagcode;
    RETURN NULL;
END $$;
CREATE TRIGGER bags_code_truncate_v1 AFTER TRUNCATE ON bags_bag
    FOR EACH STATEMENT EXECUTE FUNCTION bags_code_none_v1();

-- However many there are: nobody waits for an answer.
SET LOCAL statement_timeout = 0;
INSERT INTO bags_bagcode (bag_id, code) SELECT id, code FROM bags_bag;
"""
DROP = """
DROP TRIGGER bags_code_truncate_v1 ON bags_bag;
DROP TRIGGER bags_code_delete_v1 ON bags_bag;
DROP TRIGGER bags_code_update_v1 ON bags_bag;
DROP TRIGGER bags_code_insert_v1 ON bags_bag;
DROP FUNCTION bags_code_none_v1();
DROP FUNCTION bags_code_gone_v1();
DROP FUNCTION bags_code_changed_v1();
DROP FUNCTION bags_code_v1();
SET LOCAL statement_timeout = 0;
"""


class Migration(migrations.Migration):
    dependencies = [("bags", "0008_listed")]
    operations = [
        migrations.CreateModel(
            name="BagCode",
            fields=[
                (
                    "bag",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="bags.bag",
                    ),
                ),
                ("code", models.CharField(db_collation="C", max_length=64)),
            ],
            options={"default_permissions": ()},
        ),
        # Filled before its indexes are made.
        migrations.RunSQL(KEEP, DROP),
        migrations.AddIndex(
            model_name="bagcode",
            index=models.Index(
                django.db.models.functions.text.Reverse("code"), name="bagcode_backwards"
            ),
        ),
        migrations.AddIndex(
            model_name="bagcode",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass("code", "gin_trgm_ops"),
                name="bagcode_trigrams",
            ),
        ),
        # Last, because it keeps readers out, too.
        migrations.RemoveIndex(model_name="bag", name="bag_code_backwards"),
        migrations.RemoveIndex(model_name="bag", name="bag_code_trigrams"),
        migrations.RunSQL("ANALYZE bags_bagcode", migrations.RunSQL.noop),
    ]
