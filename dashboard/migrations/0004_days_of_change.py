"""A table of what each business day changed, and a day for what is pending."""

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

DAY = """
CREATE FUNCTION dashboard_counting_day_v1() RETURNS date LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        nullif(current_setting('tracetrack.counting_day', true), '')::date,
        (now() AT TIME ZONE dashboard_business_zone_v1())::date
    )
$$;
"""
DROP_DAY = "DROP FUNCTION dashboard_counting_day_v1();"


class Migration(migrations.Migration):
    dependencies = [
        ("bags", "0004_announce"),
        ("dashboard", "0003_days_without_steps"),
    ]

    operations = [
        migrations.RunSQL(DAY, DROP_DAY),
        migrations.AddField(
            model_name="bagpending",
            name="day",
            field=models.DateField(
                db_default=django.db.models.expressions.RawSQL("dashboard_counting_day_v1()", ())
            ),
        ),
        migrations.AddField(
            model_name="batchpending",
            name="day",
            field=models.DateField(
                db_default=django.db.models.expressions.RawSQL("dashboard_counting_day_v1()", ())
            ),
        ),
        migrations.AlterField(
            model_name="scantally",
            name="grain",
            field=models.CharField(
                choices=[
                    ("all", "All"),
                    ("day", "Day"),
                    ("step", "Step"),
                    ("hour", "Hour"),
                    ("actor", "Actor"),
                    ("person", "Person"),
                ],
                max_length=6,
            ),
        ),
        migrations.CreateModel(
            name="BatchDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("state", models.CharField(max_length=6)),
                ("held", models.BooleanField()),
                ("total", models.BigIntegerField()),
                ("day", models.DateField()),
            ],
            options={
                "abstract": False,
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "state", "held"), name="batch_day_has_one_row_a_combination"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BagDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("parent", "Parent"), ("child", "Child")], max_length=6
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("complete", "Complete"),
                            ("dispatched", "Dispatched"),
                            ("received", "Received"),
                            ("loose", "Loose"),
                            ("linked", "Linked"),
                            ("returned", "Returned"),
                        ],
                        max_length=10,
                    ),
                ),
                ("total", models.BigIntegerField()),
                ("day", models.DateField()),
                (
                    "area",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="bags.area",
                    ),
                ),
                (
                    "bag_type",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="bags.bagtype",
                    ),
                ),
                (
                    "bound_for",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="bags.area",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "kind", "bag_type", "area", "bound_for", "state"),
                        name="bag_day_has_one_row_a_combination",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
    ]
