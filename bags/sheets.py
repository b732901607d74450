"""Columns of the batch sheet and the bag sheet, and the parsing of their rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.dateparse import parse_date

from bags.codes import normalize_code, parse_code
from bags.errors import BadCode
from bags.models import MAX_PLANNED_BAGS, MAX_REASON_CHARS, Kind
from tracetrack.errors.problem import BadRow
from tracetrack.imports.csv import Column
from tracetrack.text_cleaning import clean_text

BATCH_SHEET_COLUMNS = (
    Column("code", "the code of the batch"),
    Column("product", "the product in the bags"),
    Column("variety", "its variety; may be empty"),
    Column("bag_type", "the name of the bag type"),
    Column("produced_on", "the day of production, as in 2026-11-20"),
    Column("expires_on", "the day of expiry; may be empty"),
    Column("planned_bags", "the planned number of bags; may be empty"),
    Column("held", "the reason of a hold; empty if the batch is not on hold"),
)
BAG_SHEET_COLUMNS = (
    Column("batch_code", "the code of the batch of the bag"),
    Column("bag_type", "the name of the bag type"),
    Column("area", "the code of the area of the bag"),
    Column("kind", "parent or child"),
    Column("code", "the label of the bag"),
    Column("parent_code", "for a child: the label of its parent; may be empty"),
)
MAX_NAME_CHARS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """A row of a batch sheet; `held` is the reason of the hold, empty without one."""

    code: str
    product: str
    variety: str
    bag_type: str
    produced_on: date
    expires_on: date | None
    planned_bags: int
    held: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BagRow:
    """A row of a bag sheet; `batch_code` is empty if the cell is not a valid code."""

    code: str
    kind: str
    bag_type: str
    batch_code: str
    area: str
    parent_code: str | None


def parse_batch_row(cells: Mapping[str, str]) -> BatchRow:
    """Return a row of a batch sheet; raises BadCode, or BadRow for the first invalid cell."""
    code = normalize_code(cells["code"])
    if code is None:
        raise BadCode(given=cells["code"][:64])
    produced_on = _parse_day(cells, "produced_on")
    if produced_on is None:
        raise BadRow(field="produced_on", reason="is missing")
    expires_on = _parse_day(cells, "expires_on")
    if expires_on is not None and expires_on < produced_on:
        raise BadRow(field="expires_on", reason="is before the day of production")
    return BatchRow(
        code=code,
        product=_required(cells, "product"),
        variety=_text(cells, "variety", MAX_NAME_CHARS),
        bag_type=_required(cells, "bag_type"),
        produced_on=produced_on,
        expires_on=expires_on,
        planned_bags=_parse_number(cells, "planned_bags"),
        held=_text(cells, "held", MAX_REASON_CHARS),
    )


def parse_bag_row(cells: Mapping[str, str]) -> BagRow:
    """Return a row of a bag sheet; raises BadCode, or BadRow for the first invalid cell."""
    code = parse_code(cells["code"])
    parent_code = parse_code(cells["parent_code"]) if cells["parent_code"].strip() else None
    kind = cells["kind"].strip()
    if kind not in Kind.values:
        raise BadRow(field="kind", reason=f"is not one of {', '.join(Kind.values)}")
    if kind == Kind.PARENT and parent_code is not None:
        raise BadRow(field="parent_code", reason="is only for children")
    return BagRow(
        code=code,
        kind=kind,
        bag_type=_required(cells, "bag_type"),
        batch_code=normalize_code(cells["batch_code"]) or "",
        area=cells["area"].strip(),
        parent_code=parent_code,
    )


def _required(cells: Mapping[str, str], field: str, length: int = MAX_NAME_CHARS) -> str:
    value = _text(cells, field, length)
    if not value:
        raise BadRow(field=field, reason="is missing")
    return value


def _text(cells: Mapping[str, str], field: str, length: int) -> str:
    value = clean_text(cells[field])
    if len(value) > length:
        raise BadRow(field=field, reason=f"is longer than {length} characters")
    return value


def _parse_day(cells: Mapping[str, str], field: str) -> date | None:
    value = cells[field].strip()
    if not value:
        return None
    try:
        day = parse_date(value)
    except ValueError:
        day = None
    if day is None:
        raise BadRow(field=field, reason="is not a day such as 2026-11-20")
    return day


def _parse_number(cells: Mapping[str, str], field: str) -> int:
    value = cells[field].strip()
    if not value:
        return 0
    if not (value.isascii() and value.isdigit() and len(value) <= 10):
        raise BadRow(field=field, reason="is not a whole number")
    if int(value) > MAX_PLANNED_BAGS:
        raise BadRow(field=field, reason=f"is more than {MAX_PLANNED_BAGS}")
    return int(value)
