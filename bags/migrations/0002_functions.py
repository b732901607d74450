"""Install the SQL functions and triggers of bags."""

from django.db import migrations

from tracetrack.db.sql_functions import InstallFunctions


class Migration(migrations.Migration):
    dependencies = [("bags", "0001_initial")]
    operations = [
        InstallFunctions(
            "bags",
            [
                "check_references",
                "lock_before_delete",
                "prevent_delete",
                "prevent_id_change",
                "prevent_truncate",
                "register_insert_horizon",
                "rows_by_id",
                "search_prefix",
                "sync_codes_delete",
                "sync_codes_insert",
                "sync_codes_truncate",
                "sync_codes_update",
            ],
        ),
    ]
