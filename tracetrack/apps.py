"""The ground floor as a Django app; registers the system checks and nothing else."""

from django.apps import AppConfig

from tracetrack import checks


class TraceTrackConfig(AppConfig):
    name = "tracetrack"
    verbose_name = "TraceTrack"

    def ready(self) -> None:
        checks.register_all()
