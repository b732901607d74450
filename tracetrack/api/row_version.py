"""Optimistic locking: a version of a row that changes whenever one of its columns does."""

from collections.abc import Collection
from hashlib import blake2b

import orjson
from django.db.models import Model

from tracetrack.errors.problem import Changed

# The If-Match value that accepts any version.
ANY = "*"


def version_of(row: Model, columns: Collection[str] = ()) -> str:
    """Return a short hash of these columns of the row, of all columns by default."""
    names = columns or [field.attname for field in row._meta.concrete_fields]
    values = {name: getattr(row, name) for name in names}
    text = orjson.dumps(values, option=orjson.OPT_SORT_KEYS, default=str)
    return blake2b(text, digest_size=8).hexdigest()


def check_version(
    row: Model, expected: Collection[str] | None, columns: Collection[str] = ()
) -> None:
    """Raise Changed if the version of the row is none of `expected`; None accepts any version.

    The caller has locked the row.
    """
    if expected is None or ANY in expected:
        return
    if version_of(row, columns) not in expected:
        raise Changed(what=str(row._meta.verbose_name))
