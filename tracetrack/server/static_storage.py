"""Static files with a content hash in their names, so that browsers can cache them indefinitely."""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

IMPORT = re.compile(r"""^@import "([^"]+)";$""", re.MULTILINE)


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage, which also rewrites the imports of ES modules and joins style sheets.

    Without rewritten imports a new module would load an old version of another one. A style sheet
    that imports others becomes one file, so that the browser needs one request instead of several
    in sequence.
    """

    support_js_module_import_aggregation = True

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        """Join, hash and compress the files that `collectstatic` has copied."""
        joined: dict[str, Any] = {}
        for name in [] if dry_run else [name for name in paths if name.endswith(".css")]:
            text = _joined(name, paths)
            if text is not None:
                Path(self.path(name)).write_text(text, encoding="utf-8")
                joined[name] = (self, name)
        yield from super().post_process(paths | joined, dry_run, **options)


def _joined(name: str, paths: dict[str, Any]) -> str | None:
    """Return a style sheet with its imports replaced by their text; None if it has no imports.

    Reads the source files: the collected copy may have been joined before.
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
