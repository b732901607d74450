"""Areas, bag types, batches and bags."""

from django.apps import AppConfig


class BagsConfig(AppConfig):
    name = "bags"
    default_auto_field = "django.db.models.BigAutoField"
