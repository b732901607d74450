"""Install the SQL functions and triggers of accounts."""

from django.db import migrations

from tracetrack.db.sql_functions import InstallFunctions


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        InstallFunctions(
            "accounts",
            [
                "find_token",
                "find_tokens",
            ],
        ),
    ]
