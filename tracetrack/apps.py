"""App configuration of tracetrack, the infrastructure of the project."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from tracetrack import checks


class TraceTrackConfig(AppConfig):
    name = "tracetrack"
    verbose_name = "TraceTrack"

    def ready(self) -> None:
        checks.register_all()
        # An app registers its figures of the running system in its module `ops`.
        autodiscover_modules("ops")
