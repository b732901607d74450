"""Each filter of a list of bags finds few among many by an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bags", "0002_batch_search")]
    operations = [
        migrations.AddIndex(
            model_name="bag",
            index=models.Index(
                fields=["state", "id"],
                name="bag_in_state",
                condition=~models.Q(state="linked"),
            ),
        ),
        migrations.AddIndex(
            model_name="bag",
            index=models.Index(
                fields=["area", "state", "id"],
                name="bag_in_area_and_state",
                condition=~models.Q(state="linked"),
            ),
        ),
        migrations.AddIndex(
            model_name="bag",
            index=models.Index(
                fields=["id"],
                name="bag_loose_anywhere",
                condition=models.Q(kind="child", parent=None),
            ),
        ),
        migrations.AddIndex(
            model_name="bag",
            index=models.Index(fields=["bag_type", "id"], name="bag_of_type"),
        ),
    ]
