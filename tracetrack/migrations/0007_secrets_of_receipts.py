"""Receipts of answers that showed a secret: what it is made of, never the secret itself."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracetrack", "0006_find_token")]
    operations = [
        migrations.AddField(
            "receipt", "seed", models.CharField(blank=True, db_default="", max_length=43)
        ),
        migrations.AddField(
            "receipt", "answered", models.CharField(blank=True, db_default="", max_length=64)
        ),
    ]
