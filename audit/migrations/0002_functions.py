"""Install the SQL functions and triggers of audit."""

from django.db import migrations

from tracetrack.db.sql_functions import InstallFunctions


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [
        InstallFunctions(
            "audit",
            [
                "prevent_change",
            ],
        ),
    ]
