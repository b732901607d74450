"""Install the SQL functions and triggers of webhooks."""

from django.db import migrations

from tracetrack.db.sql_functions import InstallFunctions


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0001_initial"),
        ("scans", "0002_functions"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]
    operations = [
        InstallFunctions(
            "webhooks",
            [
                "append_bags",
                "append_batches",
                "append_scans",
                "enqueue_match",
                "parent_snapshot",
                "subscribed_kinds",
            ],
        ),
    ]
