"""Static files whose names carry a hash of what they hold, so that browsers keep them for ever."""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

IMPORT = re.compile(r"""^@import "([^"]+)";$""", re.MULTILINE)


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Also rewrites what ES modules import, or a new module would load yesterday's neighbour.

    A style sheet that imports others becomes one file: what a browser would ask for one behind the
    other, it gets at once.
    """

    support_js_module_import_aggregation = True

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        """Join, hash and compress what `collectstatic` has copied."""
        joined: dict[str, Any] = {}
        for name in [] if dry_run else [name for name in paths if name.endswith(".css")]:
            text = _joined(name, paths)
            if text is not None:
                Path(self.path(name)).write_text(text, encoding="utf-8")
                joined[name] = (self, name)
        yield from super().post_process(paths | joined, dry_run, **options)


def _joined(name: str, paths: dict[str, Any]) -> str | None:
    """A style sheet with what it imports in place of the imports; None where it imports nothing.

    Read where it was written: the copy may have been joined before.
    """
    text, folder = _text(name, paths), posixpath.dirname(name)
    if not IMPORT.search(text):
        return None
    return IMPORT.sub(
        lambda found: _text(posixpath.normpath(posixpath.join(folder, found[1])), paths), text
    )


def _text(name: str, paths: dict[str, Any]) -> str:
    storage, path = paths[name]
    with storage.open(path) as file:
        return str(file.read().decode("utf-8"))
