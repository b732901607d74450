"""What is pending is emptied every few hundred writes, and read whole for every dashboard.

PostgreSQL leaves the last dead rows where few pages hold any, and with them, at the end of the
file, all the empty pages before. After a great backlog (10 crore scans) each dashboard read 400 MB
of nothing. docs/decisions/0004-append-only-counters.md
"""

from django.db import migrations

TABLES = ("dashboard_bagpending", "dashboard_batchpending", "dashboard_scanpending")
TIDY = "ALTER TABLE {table} SET (vacuum_index_cleanup = on);"
USUAL = "ALTER TABLE {table} RESET (vacuum_index_cleanup);"


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0005_count_days")]
    operations = [
        migrations.RunSQL(TIDY.format(table=table), USUAL.format(table=table)) for table in TABLES
    ]
