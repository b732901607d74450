"""Install the SQL functions and triggers of dashboard."""

from django.db import migrations

from tracetrack.db.sql_functions import InstallFunctions

# Pending counters are emptied every few hundred writes and read whole for every dashboard. Without
# index cleanup VACUUM keeps the dead rows of a table that has few pages with any.
PENDING = ("dashboard_bagpending", "dashboard_batchpending", "dashboard_scanpending")


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0001_initial"), ("scans", "0002_functions")]
    operations = [
        InstallFunctions(
            "dashboard",
            [
                "count_bags",
                "count_batches",
                "count_scans",
                "reset_days",
                "roll_up_bags",
                "roll_up_batches",
                "roll_up_scans",
            ],
        ),
        *(
            migrations.RunSQL(
                f"ALTER TABLE {table} SET (vacuum_index_cleanup = on)",
                f"ALTER TABLE {table} RESET (vacuum_index_cleanup)",
            )
            for table in PENDING
        ),
    ]
