"""Actions on areas, bag types and batches. Bags change only through scans.recording."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from accounts.models import User
from bags.errors import (
    AreaExists,
    AreaUnknown,
    BagTypeExists,
    BagTypeUnknown,
    BatchExists,
    BatchExpiresEarly,
    BatchUnknown,
    ReasonMissing,
)
from bags.events import (
    AreaChanged,
    AreaStaffed,
    BagTypeChanged,
    BatchClosed,
    BatchCreated,
    BatchDescribed,
    BatchHeld,
    BatchReleased,
)
from bags.models import Area, BagType, Batch
from tracetrack.api.row_version import check_version
from tracetrack.errors.problem import Problem
from tracetrack.events import emit
from tracetrack.text_cleaning import clean_text

# Versions of which a row must be one when it is changed; None: whatever it is.
Versions = Collection[str] | None
Row = TypeVar("Row", bound=Model)
DESCRIPTION_FIELDS = ["product", "variety", "produced_on", "expires_on", "planned_bags", "notes"]


@transaction.atomic
def create_area(
    *, actor: User, code: str, name: str, gln: str = "", active: bool = True
) -> tuple[Area, bool]:
    """The area with this code, and whether it is new. Raises AreaExists for other content."""
    content = {"name": name, "gln": gln, "active": active}
    area, new = _made(Area, AreaExists(area=code), content, code=code)
    if new:
        _tell_area(area, actor)
    return area, new


@transaction.atomic
def change_area(
    *, actor: User, code: str, changes: Mapping[str, Any], expected: Versions = None
) -> Area:
    """Set name, GLN or whether it is active; raises AreaUnknown, Changed."""
    area = _locked(Area, AreaUnknown(area=code), expected, code=code)
    if not _is(area, changes):
        save_area(actor=actor, area=_set(area, changes))
    return area


@transaction.atomic
def save_area(*, actor: User, area: Area) -> None:
    """Keep an area, new or changed."""
    area.save()
    _tell_area(area, actor)


@transaction.atomic
def staff_area(*, actor: User, area: Area, members: Iterable[User]) -> None:
    """Let exactly these people work in the area; nothing is told where nobody comes or goes."""
    Area.objects.select_for_update(no_key=True).get(pk=area.pk)
    before = set(area.members.values_list("username", flat=True))
    area.members.set(members)
    after = set(area.members.values_list("username", flat=True))
    if before != after:
        joined, left = tuple(sorted(after - before)), tuple(sorted(before - after))
        emit(AreaStaffed(area.code, joined=joined, left=left), actor=actor)


@transaction.atomic
def create_bag_type(
    *,
    actor: User,
    name: str,
    parent_pattern: str,
    child_pattern: str,
    capacity: int = 30,
    child_weight: Decimal = Decimal("1.000"),
) -> tuple[BagType, bool]:
    """The bag type with this name, and whether it is new. Raises BagTypeExists for other content.

    The patterns have been checked.
    """
    content = {
        "parent_pattern": parent_pattern,
        "child_pattern": child_pattern,
        "capacity": capacity,
        "child_weight": child_weight,
    }
    bag_type, new = _made(BagType, BagTypeExists(bag_type=name), content, name=name)
    if new:
        _tell_bag_type(bag_type, actor)
    return bag_type, new


@transaction.atomic
def change_bag_type(
    *, actor: User, name: str, changes: Mapping[str, Any], expected: Versions = None
) -> BagType:
    """Set patterns, capacity or weight, for the bags to come; raises BagTypeUnknown, Changed."""
    bag_type = _locked(BagType, BagTypeUnknown(bag_type=name), expected, name=name)
    if not _is(bag_type, changes):
        save_bag_type(actor=actor, bag_type=_set(bag_type, changes))
    return bag_type


@transaction.atomic
def save_bag_type(*, actor: User, bag_type: BagType) -> None:
    """Keep a bag type, new or changed; raises ValidationError for fields that cannot be kept."""
    bag_type.clean_fields()
    bag_type.save()
    _tell_bag_type(bag_type, actor)


@transaction.atomic
def create_batch(
    *,
    actor: User,
    code: str,
    product: str,
    bag_type: BagType,
    produced_on: date,
    variety: str = "",
    expires_on: date | None = None,
    planned_bags: int = 0,
    notes: str = "",
) -> tuple[Batch, bool]:
    """The batch with this code, and whether it is new. Raises BatchExists for other content."""
    content: dict[str, Any] = {
        "product": product,
        "variety": variety,
        "bag_type": bag_type,
        "produced_on": produced_on,
        "expires_on": expires_on,
        "planned_bags": planned_bags,
    }
    if expires_on is not None and expires_on < produced_on:
        raise BatchExpiresEarly
    exists = BatchExists(batch=code)
    batch, new = _made(Batch, exists, content, beside={"notes": notes}, code=code)
    if new:
        emit(BatchCreated(batch=code), actor=actor)
    return batch, new


@transaction.atomic
def change_batch(
    *, actor: User, code: str, changes: Mapping[str, Any], expected: Versions = None
) -> Batch:
    """Set fields of a batch's description; raises BatchUnknown, Changed, BatchExpiresEarly."""
    batch = _locked_batch(code, expected)
    if not _is(batch, changes):
        _set(batch, changes)
        if batch.expires_on is not None and batch.expires_on < batch.produced_on:
            raise BatchExpiresEarly
        describe_batch(actor=actor, batch=batch)
    return batch


@transaction.atomic
def describe_batch(*, actor: User, batch: Batch) -> None:
    """Keep the changed description of a batch; its state, hold, code and bag type stay."""
    batch.save(update_fields=DESCRIPTION_FIELDS)
    emit(BatchDescribed(batch=batch.code), actor=actor)


@transaction.atomic
def hold_batch(*, actor: User, code: str, reason: str, expected: Versions = None) -> Batch:
    """Put a batch on hold: its bags can be registered, inspected and returned, nothing else.

    Held already: nothing changes, the first hold and its reason stay.
    """
    reason = clean_text(reason)
    if not reason:
        raise ReasonMissing
    batch = _locked_batch(code, expected)
    if not batch.held:
        batch.held, batch.held_reason = True, reason[:200]
        batch.held_at, batch.held_by = timezone.now(), actor
        batch.save(update_fields=["held", "held_reason", "held_at", "held_by"])
        emit(BatchHeld(batch=code, reason=batch.held_reason), actor=actor)
    return batch


@transaction.atomic
def release_batch(*, actor: User, code: str, expected: Versions = None) -> Batch:
    """Lift the hold of a batch; nothing changes where it is not held."""
    batch = _locked_batch(code, expected)
    if batch.held:
        batch.held, batch.held_reason, batch.held_at, batch.held_by = False, "", None, None
        batch.save(update_fields=["held", "held_reason", "held_at", "held_by"])
        emit(BatchReleased(batch=code), actor=actor)
    return batch


@transaction.atomic
def close_batch(*, actor: User, code: str, expected: Versions = None) -> Batch:
    """Close a batch, for ever: it takes no new bags. Nothing changes where it is closed."""
    batch = _locked_batch(code, expected)
    if batch.state != Batch.State.CLOSED:
        batch.state = Batch.State.CLOSED
        batch.save(update_fields=["state"])
        emit(BatchClosed(batch=code), actor=actor)
    return batch


def _made(
    model: type[Row],
    exists: Problem,
    content: Mapping[str, Any],
    *,
    beside: Mapping[str, Any] | None = None,
    **name: str,
) -> tuple[Row, bool]:
    """The row of this name, and whether it is new; `exists` where its content is another one.

    What stands `beside` the content may differ.
    """
    defaults = {**content, **(beside or {})}
    row, new = model._default_manager.get_or_create(**name, defaults=defaults)
    if not new and not _is(row, content):
        raise exists
    return row, new


def _locked(model: type[Row], unknown: Problem, expected: Versions, **name: str) -> Row:
    """The row of this name, locked, and one of these versions."""
    row = model._default_manager.select_for_update(no_key=True).filter(**name).first()
    if row is None:
        raise unknown
    check_version(row, expected)
    return row


def _locked_batch(code: str, expected: Versions) -> Batch:
    return _locked(Batch, BatchUnknown(batch=code), expected, code=code)


def _tell_area(area: Area, actor: User) -> None:
    told = AreaChanged(area.code, called=area.name, gln=area.gln, active=area.active)
    emit(told, actor=actor)


def _tell_bag_type(bag_type: BagType, actor: User) -> None:
    told = BagTypeChanged(
        bag_type.name,
        parent_pattern=bag_type.parent_pattern,
        child_pattern=bag_type.child_pattern,
        capacity=bag_type.capacity,
        child_weight=f"{bag_type.child_weight:.3f}",
    )
    emit(told, actor=actor)


def _is(row: Model, content: Mapping[str, Any]) -> bool:
    return all(getattr(row, field) == value for field, value in content.items())


def _set(row: Row, changes: Mapping[str, Any]) -> Row:
    for field, value in changes.items():
        setattr(row, field, value)
    return row
