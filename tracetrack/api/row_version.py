"""Versions: what a row was when it was read, so that nobody overwrites what he has not seen."""

from collections.abc import Collection
from hashlib import blake2b

import orjson
from django.db.models import Model

from tracetrack.errors.problem import Changed

# How a change says that any version will do.
ANY = "*"


def version_of(row: Model, names: Collection[str] = ()) -> str:
    """A short text that is another one as soon as any column of `row` is, or any of these."""
    wanted = names or [field.attname for field in row._meta.concrete_fields]
    columns = {name: getattr(row, name) for name in wanted}
    whole = orjson.dumps(columns, option=orjson.OPT_SORT_KEYS, default=str)
    return blake2b(whole, digest_size=8).hexdigest()


def check_version(
    row: Model, expected: Collection[str] | None, names: Collection[str] = ()
) -> None:
    """Raises Changed where `row`, which the caller has locked, is none of the expected versions."""
    if expected is None or ANY in expected:
        return
    if version_of(row, names) not in expected:
        raise Changed(what=str(row._meta.verbose_name))
