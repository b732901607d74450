"""The ground floor as a Django app; registers the system checks and nothing else."""

from django.apps import AppConfig
from django.core.checks import Tags, register

from tracetrack import checks


class TraceTrackConfig(AppConfig):
    name = "tracetrack"
    verbose_name = "TraceTrack"

    def ready(self) -> None:
        register(checks.check_database_settings, Tags.database)
        register(checks.check_public_settings, Tags.security)
        register(checks.check_shared_state, Tags.caches)
