"""What a device, a person or a sheet says about one scan, read and checked without the database."""

import re
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
from tracetrack.text_cleaning import clean_text

WITH_PARENT = frozenset({Step.LINK, Step.MOVE})
MAY_NAME_PARENT = WITH_PARENT | {Step.UNLINK}
# Plain words, because a sheet asks for them with every row.
STEPS, KINDS = tuple(map(str, Step.values)), tuple(map(str, Kind.values))
# PostgreSQL keeps neither NUL nor half a surrogate pair.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
STATION_LENGTH, NOTE_LENGTH = 64, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRequest:
    """One scan as it was asked for. Codes are normalised, instants carry a zone."""

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
    # Whether scanned_at was said; else it is when the request came, which nobody repeats.
    timed: bool = True

    @property
    def content(self) -> tuple[str, str | None, str, str, int | None, datetime | None]:
        """What must be the same when the same ref comes again."""
        moment = self.scanned_at if self.timed else None
        return self.code, self.parent_code, self.step, self.area, self.undoes, moment

    @property
    def implicit_refs(self) -> dict[str, UUID]:
        """The refs of the register rows of bags that this scan_request may bring into being beside it."""
        codes = (self.code, self.parent_code) if self.step == Step.LINK else ()
        return {code: uuid5(self.ref, code) for code in codes if code}


def parse_scan_request(raw: Mapping[str, Any]) -> ScanRequest:
    """`raw` as an scan_request. Raises BadCode before all else, then BadRow for the first bad field."""
    label = _label(raw.get("code"))
    named = raw.get("parent_code")
    parent_code = _label(named).code if named not in (None, "") else None
    step = _choice(raw, "step", STEPS)
    _check_parent(step, parent_code)
    return ScanRequest(
        ref=_uuid(raw, "ref"),
        step=step,
        code=label.code,
        area=_required(raw, "area"),
        scanned_at=_instant(raw, "scanned_at"),
        parent_code=parent_code,
        station=_limited(raw, "station", STATION_LENGTH),
        note=_limited(raw, "note", NOTE_LENGTH),
        lot=label.lot,
        kind=_choice(raw, "kind", KINDS) if raw.get("kind") else None,
        force=_flag(raw, "force"),
        undoes=_undoes(raw, step),
    )


def _check_parent(step: str, parent_code: str | None) -> None:
    if step in WITH_PARENT and parent_code is None:
        raise BadRow(field="parent_code", reason=f"{step} needs the parent's code")
    if step not in MAY_NAME_PARENT and parent_code is not None:
        raise BadRow(field="parent_code", reason=f"{step} takes no parent")


def _label(value: object) -> Label:
    if not isinstance(value, str):
        raise BadCode(given="" if value is None else str(value)[:64])
    return parse_label(value)


def _text(raw: Mapping[str, Any], field: str) -> str:
    value = raw.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadRow(field=field, reason="is not text")
    return value


def _required(raw: Mapping[str, Any], field: str) -> str:
    value = _text(raw, field).strip()
    if not value:
        raise BadRow(field=field, reason=Message(MISSING))
    return _storable(field, value)


def _limited(raw: Mapping[str, Any], field: str, length: int) -> str:
    if not (given := _text(raw, field)):
        return given
    value = clean_text(_storable(field, given), lines=True)
    if len(value) > length:
        raise BadRow(field=field, reason=Message(TOO_LONG, length=length))
    return value


def _storable(field: str, value: str) -> str:
    if UNSTORABLE.search(value):
        raise BadRow(field=field, reason=Message(INVALID_CHARACTERS))
    return value


def _choice(raw: Mapping[str, Any], field: str, known: tuple[str, ...]) -> str:
    value = _text(raw, field).strip()
    if value not in known:
        raise BadRow(field=field, reason=f"is not one of {', '.join(known)}")
    return value


def _uuid(raw: Mapping[str, Any], field: str) -> UUID:
    value = raw.get(field)
    if isinstance(value, UUID):
        return value
    try:
        return UUID(_required(raw, field))
    except ValueError:
        raise BadRow(field=field, reason="is not a UUID") from None


def _instant(raw: Mapping[str, Any], field: str) -> datetime:
    value = raw.get(field)
    instant = value if isinstance(value, datetime) else _parsed(_required(raw, field))
    if instant is None or instant.tzinfo is None:
        raise BadRow(field=field, reason="is not a date and time with its offset from UTC")
    try:
        instant = instant.astimezone(UTC)
    except OverflowError:
        raise BadRow(field=field, reason="is no date of this world") from None
    if instant < EARLIEST:
        raise BadRow(field=field, reason="lies before the year 2000")
    return instant


def _parsed(text: str) -> datetime | None:
    try:
        return parse_datetime(text)
    except ValueError:
        return None


def _flag(raw: Mapping[str, Any], field: str) -> bool:
    value = raw.get(field, False)
    if not isinstance(value, bool):
        raise BadRow(field=field, reason="is neither true nor false")
    return value


def _undoes(raw: Mapping[str, Any], step: str) -> int | None:
    value = raw.get("undoes")
    if step != Step.UNDO:
        if value is not None:
            raise BadRow(field="undoes", reason="goes with the step undo only")
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**63:
        raise BadRow(field="undoes", reason="is not the number of a scan")
    return value
