"""Static files with a hash in their names."""

import re
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command


def test_scripts_import_hashed_names(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = str(tmp_path)
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "tracetrack.server.static_storage.HashedStaticFiles"}
    }
    call_command("collectstatic", verbosity=0, interactive=False)

    script = staticfiles_storage.url("dashboard/js/overview.js").removeprefix("/static/")
    imports = re.findall(r'from "\./([^"]+)"', (tmp_path / script).read_text())

    assert sorted(name.split(".")[0] for name in imports) == [
        "charts", "live_numbers", "page", "polling", "websocket",
    ]  # fmt: skip
    for name in imports:
        assert re.fullmatch(r"\w+\.[0-9a-f]{12}\.js", name)
        assert (tmp_path / "dashboard/js" / name).exists()
