"""Actions that change areas, bag types and batches. Bags change through scans.recording only."""

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
from bags.models import MAX_REASON_CHARS, Area, BagType, Batch
from tracetrack.api.row_version import check_version
from tracetrack.errors.problem import Problem
from tracetrack.events import emit
from tracetrack.text_cleaning import clean_text

# Versions of a row (If-Match). A change requires one of them; None accepts any version.
Versions = Collection[str] | None
ModelRow = TypeVar("ModelRow", bound=Model)
DESCRIPTION_FIELDS = ["product", "variety", "produced_on", "expires_on", "planned_bags", "notes"]


@transaction.atomic
def create_area(
    *, actor: User, code: str, name: str, gln: str = "", active: bool = True
) -> tuple[Area, bool]:
    """Create an area, unless it exists with the same content. Return it and whether it is new.

    Raises AreaExists.
    """
    content = {"name": name, "gln": gln, "active": active}
    area, new = _get_or_create(Area, AreaExists(area=code), content, code=code)
    if new:
        _emit_area_changed(area, actor)
    return area, new


@transaction.atomic
def change_area(
    *, actor: User, code: str, changes: Mapping[str, Any], expected: Versions = None
) -> Area:
    """Change name, GLN or the active flag of an area; raises AreaUnknown, Changed."""
    area = _lock(Area, AreaUnknown(area=code), expected, code=code)
    if not _has_values(area, changes):
        save_area(actor=actor, area=_set_values(area, changes))
    return area


@transaction.atomic
def save_area(*, actor: User, area: Area) -> None:
    """Save a new or changed area."""
    area.save()
    _emit_area_changed(area, actor)


@transaction.atomic
def staff_area(*, actor: User, area: Area, members: Iterable[User]) -> None:
    """Set the members of an area. Emits an event only if they change."""
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
    """Create a bag type, unless it exists with the same content. Return it and whether it is new.

    The caller has validated the patterns with check_pattern(). Raises BagTypeExists.
    """
    content = {
        "parent_pattern": parent_pattern,
        "child_pattern": child_pattern,
        "capacity": capacity,
        "child_weight": child_weight,
    }
    bag_type, new = _get_or_create(BagType, BagTypeExists(bag_type=name), content, name=name)
    if new:
        _emit_bag_type_changed(bag_type, actor)
    return bag_type, new


@transaction.atomic
def change_bag_type(
    *, actor: User, name: str, changes: Mapping[str, Any], expected: Versions = None
) -> BagType:
    """Change patterns, capacity or weight, for bags that are registered from now on.

    Raises BagTypeUnknown, Changed.
    """
    bag_type = _lock(BagType, BagTypeUnknown(bag_type=name), expected, name=name)
    if not _has_values(bag_type, changes):
        save_bag_type(actor=actor, bag_type=_set_values(bag_type, changes))
    return bag_type


@transaction.atomic
def save_bag_type(*, actor: User, bag_type: BagType) -> None:
    """Save a new or changed bag type; raises ValidationError for invalid fields."""
    bag_type.clean_fields()
    bag_type.save()
    _emit_bag_type_changed(bag_type, actor)


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
    """Create a batch, unless it exists with the same content. Return it and whether it is new.

    Notes may differ. Raises BatchExists, BatchExpiresEarly.
    """
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
    batch, new = _get_or_create(
        Batch, BatchExists(batch=code), content, other_fields={"notes": notes}, code=code
    )
    if new:
        emit(BatchCreated(batch=code), actor=actor)
    return batch, new


@transaction.atomic
def change_batch(
    *, actor: User, code: str, changes: Mapping[str, Any], expected: Versions = None
) -> Batch:
    """Change descriptive fields of a batch; raises BatchUnknown, Changed, BatchExpiresEarly."""
    batch = _lock_batch(code, expected)
    if not _has_values(batch, changes):
        _set_values(batch, changes)
        if batch.expires_on is not None and batch.expires_on < batch.produced_on:
            raise BatchExpiresEarly
        describe_batch(actor=actor, batch=batch)
    return batch


@transaction.atomic
def describe_batch(*, actor: User, batch: Batch) -> None:
    """Save the descriptive fields of a batch; state, hold, code and bag type stay unchanged."""
    batch.save(update_fields=DESCRIPTION_FIELDS)
    emit(BatchDescribed(batch=batch.code), actor=actor)


@transaction.atomic
def hold_batch(*, actor: User, code: str, reason: str, expected: Versions = None) -> Batch:
    """Put a batch on hold: its bags can only be registered, inspected and returned.

    If it is on hold already, nothing changes: the first hold and its reason stay.
    Raises ReasonMissing, BatchUnknown, Changed.
    """
    reason = clean_text(reason)
    if not reason:
        raise ReasonMissing
    batch = _lock_batch(code, expected)
    if not batch.held:
        batch.held, batch.held_reason = True, reason[:MAX_REASON_CHARS]
        batch.held_at, batch.held_by = timezone.now(), actor
        batch.save(update_fields=["held", "held_reason", "held_at", "held_by"])
        emit(BatchHeld(batch=code, reason=batch.held_reason), actor=actor)
    return batch


@transaction.atomic
def release_batch(*, actor: User, code: str, expected: Versions = None) -> Batch:
    """Release a batch from its hold, if it has one; raises BatchUnknown, Changed."""
    batch = _lock_batch(code, expected)
    if batch.held:
        batch.held, batch.held_reason, batch.held_at, batch.held_by = False, "", None, None
        batch.save(update_fields=["held", "held_reason", "held_at", "held_by"])
        emit(BatchReleased(batch=code), actor=actor)
    return batch


@transaction.atomic
def close_batch(*, actor: User, code: str, expected: Versions = None) -> Batch:
    """Close a batch for good: it accepts no new bags. Raises BatchUnknown, Changed."""
    batch = _lock_batch(code, expected)
    if batch.state != Batch.State.CLOSED:
        batch.state = Batch.State.CLOSED
        batch.save(update_fields=["state"])
        emit(BatchClosed(batch=code), actor=actor)
    return batch


def _get_or_create(
    model: type[ModelRow],
    exists: Problem,
    content: Mapping[str, Any],
    *,
    other_fields: Mapping[str, Any] | None = None,
    **lookup: str,
) -> tuple[ModelRow, bool]:
    """Return the row that matches the lookup, and whether it is new.

    Raises `exists` if its content differs; `other_fields` may differ.
    """
    defaults = {**content, **(other_fields or {})}
    row, new = model._default_manager.get_or_create(**lookup, defaults=defaults)
    if not new and not _has_values(row, content):
        raise exists
    return row, new


def _lock(model: type[ModelRow], unknown: Problem, expected: Versions, **lookup: str) -> ModelRow:
    """Lock and return the row that matches; raises `unknown`, or Changed for other versions."""
    row = model._default_manager.select_for_update(no_key=True).filter(**lookup).first()
    if row is None:
        raise unknown
    check_version(row, expected)
    return row


def _lock_batch(code: str, expected: Versions) -> Batch:
    return _lock(Batch, BatchUnknown(batch=code), expected, code=code)


def _emit_area_changed(area: Area, actor: User) -> None:
    event = AreaChanged(area.code, called=area.name, gln=area.gln, active=area.active)
    emit(event, actor=actor)


def _emit_bag_type_changed(bag_type: BagType, actor: User) -> None:
    event = BagTypeChanged(
        bag_type.name,
        parent_pattern=bag_type.parent_pattern,
        child_pattern=bag_type.child_pattern,
        capacity=bag_type.capacity,
        child_weight=f"{bag_type.child_weight:.3f}",
    )
    emit(event, actor=actor)


def _has_values(row: Model, content: Mapping[str, Any]) -> bool:
    return all(getattr(row, field) == value for field, value in content.items())


def _set_values(row: ModelRow, changes: Mapping[str, Any]) -> ModelRow:
    for field, value in changes.items():
        setattr(row, field, value)
    return row
