"""The app of scans: the ledger, its recording, its history and its API."""

from django.apps import AppConfig


class ScansConfig(AppConfig):
    name = "scans"
    default_auto_field = "django.db.models.BigAutoField"
