"""The columns of the ledger, listed once: those of the model Scan.

The column lists of COPY, INSERT and SELECT and the temporary tables of the fast path are built from
here. A scan as JSON is defined in scans/api/serializers.py.
"""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from django.db import connection, models

from scans.models import Scan
from scans.scan_request import ScanRequest

_FIELDS = {
    str(field.column): field for field in Scan._meta.concrete_fields if not field.primary_key
}
# Every column but the id, in the order of the table.
LEDGER_COLUMNS = tuple(_FIELDS)
# Columns that refer to bags: a bag that is created in the same transaction has no id yet.
BAG_COLUMNS = ("bag_id", "parent_id", "was_parent_id")
# Columns whose values come unchanged from the field of a scan request with the same name.
REQUEST_COLUMNS = tuple(
    column
    for column in LEDGER_COLUMNS
    if column in {field.name for field in fields(ScanRequest)} - {"ref", "step"}
)
# Of these, the ones that the register row of a bag created by another step gets as well.
REGISTRATION_COLUMNS = ("station", "scanned_at")


def column_definitions(columns: Iterable[str]) -> str:
    """Return the definitions of these ledger columns for a temporary table.

    Text defaults to '' and booleans to false, as in the model; other columns default to NULL.
    """
    return ", ".join(f"{name} {_definition(_FIELDS[name])}" for name in columns)


def _definition(field: "models.Field[Any, Any]") -> str:
    default = ""
    if isinstance(field, models.BooleanField):
        default = " DEFAULT false"
    elif isinstance(field, models.CharField):
        default = " DEFAULT ''"
    return f"{field.db_type(connection)}{default}"
