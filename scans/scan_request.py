"""A scan as a device, a user or a sheet requests it, parsed and validated without the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from django.utils.dateparse import parse_datetime

from bags.codes import Label, parse_label
from bags.errors import BadCode
from bags.models import Kind
from scans.errors import INVALID_CHARACTERS, MISSING, TOO_LONG
from scans.models import EARLIEST, Step
from tracetrack.errors.problem import BadRow, Message
from tracetrack.text_cleaning import UNSTORABLE, clean_text

NEEDS_PARENT = frozenset({Step.LINK, Step.MOVE})
MAY_NAME_PARENT = NEEDS_PARENT | {Step.UNLINK}
# Plain strings: enum members are slower, and every row of a sheet is checked against them.
STEP_VALUES, KIND_VALUES = tuple(map(str, Step.values)), tuple(map(str, Kind.values))
MAX_STATION_CHARS, MAX_NOTE_CHARS = 64, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRequest:
    """A parsed and validated request for one scan. Codes are normalised, times are aware.

    `area` is a code, `lot` the batch code on the label of a new child, `kind` the kind stated for
    a new bag, `undoes` the id of the scan that an undo refers to.
    """

    ref: UUID
    step: str
    code: str
    area: str
    scanned_at: datetime
    parent_code: str | None = None
    station: str = ""
    note: str = ""
    lot: str | None = None
    kind: str | None = None
    force: bool = False
    undoes: int | None = None
    # False if the client sent no scanned_at: then it is the time of arrival, which changes when
    # the request is repeated.
    has_scanned_at: bool = True

    @property
    def content(self) -> tuple[str, str | None, str, str, int | None, datetime | None]:
        """The values that must be equal when the same ref is sent again."""
        moment = self.scanned_at if self.has_scanned_at else None
        return self.code, self.parent_code, self.step, self.area, self.undoes, moment

    @property
    def implicit_refs(self) -> dict[str, UUID]:
        """The refs of the register rows of bags that a link may create, by code."""
        codes = (self.code, self.parent_code) if self.step == Step.LINK else ()
        return {code: uuid5(self.ref, code) for code in codes if code}


def parse_scan_request(fields: Mapping[str, Any]) -> ScanRequest:
    """Return the scan request in these fields, which come from JSON or the cells of a sheet.

    Raises BadCode before anything else, then BadRow for the first invalid field.
    """
    label = _label(fields.get("code"))
    named = fields.get("parent_code")
    parent_code = _label(named).code if named not in (None, "") else None
    step = _choice(fields, "step", STEP_VALUES)
    _check_parent(step, parent_code)
    return ScanRequest(
        ref=_uuid(fields, "ref"),
        step=step,
        code=label.code,
        area=_required(fields, "area"),
        scanned_at=_timestamp(fields, "scanned_at"),
        parent_code=parent_code,
        station=_text_within(fields, "station", MAX_STATION_CHARS),
        note=_text_within(fields, "note", MAX_NOTE_CHARS),
        lot=label.lot,
        kind=_choice(fields, "kind", KIND_VALUES) if fields.get("kind") else None,
        force=_boolean(fields, "force"),
        undoes=_undoes(fields, step),
    )


def _check_parent(step: str, parent_code: str | None) -> None:
    if step in NEEDS_PARENT and parent_code is None:
        raise BadRow(field="parent_code", reason=f"{step} needs the parent's code")
    if step not in MAY_NAME_PARENT and parent_code is not None:
        raise BadRow(field="parent_code", reason=f"{step} takes no parent")


def _label(value: object) -> Label:
    if not isinstance(value, str):
        raise BadCode(given="" if value is None else str(value)[:64])
    return parse_label(value)


def _text(fields: Mapping[str, Any], field: str) -> str:
    value = fields.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadRow(field=field, reason="is not text")
    return value


def _required(fields: Mapping[str, Any], field: str) -> str:
    value = _text(fields, field).strip()
    if not value:
        raise BadRow(field=field, reason=Message(MISSING))
    return _check_storable(field, value)


def _text_within(fields: Mapping[str, Any], field: str, length: int) -> str:
    if not (given := _text(fields, field)):
        return given
    value = clean_text(_check_storable(field, given), lines=True)
    if len(value) > length:
        raise BadRow(field=field, reason=Message(TOO_LONG, length=length))
    return value


def _check_storable(field: str, value: str) -> str:
    if UNSTORABLE.search(value):
        raise BadRow(field=field, reason=Message(INVALID_CHARACTERS))
    return value


def _choice(fields: Mapping[str, Any], field: str, known: tuple[str, ...]) -> str:
    value = _text(fields, field).strip()
    if value not in known:
        raise BadRow(field=field, reason=f"is not one of {', '.join(known)}")
    return value


def _uuid(fields: Mapping[str, Any], field: str) -> UUID:
    value = fields.get(field)
    if isinstance(value, UUID):
        return value
    try:
        return UUID(_required(fields, field))
    except ValueError:
        raise BadRow(field=field, reason="is not a UUID") from None


def _timestamp(fields: Mapping[str, Any], field: str) -> datetime:
    value = fields.get(field)
    moment = value if isinstance(value, datetime) else _parse_datetime(_required(fields, field))
    if moment is None or moment.tzinfo is None:
        raise BadRow(field=field, reason="is not a date and time with its offset from UTC")
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise BadRow(field=field, reason="is out of range") from None
    if moment < EARLIEST:
        raise BadRow(field=field, reason="lies before the year 2000")
    return moment


def _parse_datetime(text: str) -> datetime | None:
    try:
        return parse_datetime(text)
    except ValueError:
        return None


def _boolean(fields: Mapping[str, Any], field: str) -> bool:
    value = fields.get(field, False)
    if not isinstance(value, bool):
        raise BadRow(field=field, reason="is neither true nor false")
    return value


def _undoes(fields: Mapping[str, Any], step: str) -> int | None:
    value = fields.get("undoes")
    if step != Step.UNDO:
        if value is not None:
            raise BadRow(field="undoes", reason="goes with the step undo only")
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**63:
        raise BadRow(field="undoes", reason="is not the number of a scan")
    return value
