"""The columns of the batch sheet and of the bag sheet, and what a row of each means."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.dateparse import parse_date

from bags.codes import normalize_code, parse_code
from bags.errors import BadCode
from bags.models import Kind
from tracetrack.errors.problem import BadRow
from tracetrack.imports.csv import Column
from tracetrack.text_cleaning import clean_text

BATCH_SHEET_COLUMNS = (
    Column("code", "the batch's code"),
    Column("product", "what is in the bags"),
    Column("variety", "of which variety; may be empty"),
    Column("bag_type", "the name of the bag type"),
    Column("produced_on", "the day of production, as in 2026-11-20"),
    Column("expires_on", "the day on which it expires; may be empty"),
    Column("planned_bags", "how many bags it shall have; may be empty"),
    Column("held", "why the batch is on hold; empty where it is not"),
)
BAG_SHEET_COLUMNS = (
    Column("batch_code", "the batch that the bag comes from"),
    Column("bag_type", "the name of the bag type"),
    Column("area", "the code of the area where the bag is"),
    Column("kind", "parent or child"),
    Column("code", "what the bag's label says"),
    Column("parent_code", "for a child: the parent in which it lies; may be empty"),
)
MAX_NAME_CHARS, MAX_REASON_CHARS = 64, 200
MAX_PLANNED_BAGS = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """One row of a batch sheet; `held` is the reason of the hold."""

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
    """One row of a bag sheet. A batch code that no batch can have is empty."""

    code: str
    kind: str
    bag_type: str
    batch_code: str
    area: str
    parent_code: str | None


def parse_batch_row(cells: Mapping[str, str]) -> BatchRow:
    """The row as a batch; raises BadCode, then BadRow for the first bad cell."""
    code = normalize_code(cells["code"])
    if code is None:
        raise BadCode(given=cells["code"][:64])
    produced_on = _day(cells, "produced_on")
    if produced_on is None:
        raise BadRow(field="produced_on", reason="is missing")
    expires_on = _day(cells, "expires_on")
    if expires_on is not None and expires_on < produced_on:
        raise BadRow(field="expires_on", reason="lies before the day of production")
    return BatchRow(
        code=code,
        product=_required(cells, "product"),
        variety=_limited(cells, "variety", MAX_NAME_CHARS),
        bag_type=_required(cells, "bag_type"),
        produced_on=produced_on,
        expires_on=expires_on,
        planned_bags=_number(cells, "planned_bags"),
        held=_limited(cells, "held", MAX_REASON_CHARS),
    )


def parse_bag_row(cells: Mapping[str, str]) -> BagRow:
    """The row as a bag; raises BadCode, then BadRow for the first bad cell."""
    code = parse_code(cells["code"])
    parent_code = parse_code(cells["parent_code"]) if cells["parent_code"].strip() else None
    kind = cells["kind"].strip()
    if kind not in Kind.values:
        raise BadRow(field="kind", reason=f"is not one of {', '.join(Kind.values)}")
    if kind == Kind.PARENT and parent_code is not None:
        raise BadRow(field="parent_code", reason="a parent lies in nothing")
    return BagRow(
        code=code,
        kind=kind,
        bag_type=_required(cells, "bag_type"),
        batch_code=normalize_code(cells["batch_code"]) or "",
        area=cells["area"].strip(),
        parent_code=parent_code,
    )


def _required(cells: Mapping[str, str], field: str, length: int = MAX_NAME_CHARS) -> str:
    value = _limited(cells, field, length)
    if not value:
        raise BadRow(field=field, reason="is missing")
    return value


def _limited(cells: Mapping[str, str], field: str, length: int) -> str:
    value = clean_text(cells[field])
    if len(value) > length:
        raise BadRow(field=field, reason=f"is longer than {length} characters")
    return value


def _day(cells: Mapping[str, str], field: str) -> date | None:
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


def _number(cells: Mapping[str, str], field: str) -> int:
    value = cells[field].strip()
    if not value:
        return 0
    if not (value.isascii() and value.isdigit() and len(value) <= 10):
        raise BadRow(field=field, reason="is not a whole number")
    if int(value) > MAX_PLANNED_BAGS:
        raise BadRow(field=field, reason=f"is more than {MAX_PLANNED_BAGS}")
    return int(value)
