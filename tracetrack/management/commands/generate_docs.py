"""Write the generated pages of the documentation: docs/errors.md and docs/api-reference.md."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from tracetrack.openapi.api_reference import render_api_reference
from tracetrack.openapi.document import openapi_json
from tracetrack.openapi.error_reference import render_error_reference


class Command(BaseCommand):
    help = "Write docs/errors.md and docs/api-reference.md."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        for path, text in generated_pages().items():
            path.write_text(text, encoding="utf-8")
            self.stdout.write(f"Wrote {path}.")


def generated_pages() -> dict[Path, str]:
    """Return the path and the text of each generated page."""
    docs = Path(settings.BASE_DIR) / "docs"
    return {
        docs / "errors.md": render_error_reference(),
        docs / "api-reference.md": render_api_reference(json.loads(openapi_json())),
    }
