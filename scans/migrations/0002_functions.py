"""Install the SQL functions and triggers of scans."""

from django.db import migrations

from tracetrack.db.sql_functions import InstallFunctions


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0001_initial"),
        ("accounts", "0001_initial"),
        ("bags", "0002_functions"),
    ]
    operations = [
        InstallFunctions(
            "scans",
            [
                "check_references",
                "ids_touching_bag",
                "load",
                "lock",
                "lock_and_load",
                "lock_before_delete",
                "parent_moves",
                "prevent_change",
                "prevent_delete",
                "prevent_id_change",
                "prevent_truncate",
                "register_insert_horizon",
                "rows_with_names",
                "save",
            ],
        ),
    ]
