"""Batches are found by how their product or variety begins, however many there are."""

from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Collate, Upper


class Migration(migrations.Migration):
    dependencies = [
        ("bags", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                Collate(Upper("product"), "C"), models.F("code"), name="batch_product_begins"
            ),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                Collate(Upper("variety"), "C"), models.F("code"), name="batch_variety_begins"
            ),
        ),
    ]
