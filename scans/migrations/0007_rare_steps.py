"""An index by which few scans of one step are found among many of others."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("scans", "0006_parents")]
    operations = [
        AddIndexConcurrently(
            model_name="scan",
            index=models.Index(
                fields=["step", "-id"],
                name="scan_of_rare_step",
                condition=~models.Q(step="register") & ~models.Q(step="link"),
            ),
        ),
    ]
