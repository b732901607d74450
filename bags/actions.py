"""What may be done to areas, bag types and batches. What happens to bags is scans/actions.py."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from bags.errors import BatchExists, BatchUnknown, ReasonMissing
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
from tracetrack.events import emit
from tracetrack.models import User

DESCRIPTION = ["product", "variety", "produced_on", "expires_on", "planned_bags", "notes"]


@transaction.atomic
def save_area(*, actor: User, area: Area) -> None:
    """Keep an area, new or changed."""
    area.save()
    told = AreaChanged(area.code, called=area.name, gln=area.gln, active=area.active)
    emit(told, actor=actor)


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
def save_bag_type(*, actor: User, bag_type: BagType) -> None:
    """Keep a bag type, new or changed; raises ValidationError for fields that cannot be kept."""
    bag_type.clean_fields()
    bag_type.save()
    told = BagTypeChanged(
        bag_type.name,
        parent_pattern=bag_type.parent_pattern,
        child_pattern=bag_type.child_pattern,
        capacity=bag_type.capacity,
        child_weight=str(bag_type.child_weight),
    )
    emit(told, actor=actor)


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
    batch, created = Batch.objects.get_or_create(code=code, defaults=content | {"notes": notes})
    if created:
        emit(BatchCreated(batch=code), actor=actor)
    elif any(getattr(batch, field) != value for field, value in content.items()):
        raise BatchExists(batch=code)
    return batch, created


@transaction.atomic
def describe_batch(*, actor: User, batch: Batch) -> None:
    """Keep the changed description of a batch; its state, hold, code and bag type stay."""
    batch.save(update_fields=DESCRIPTION)
    emit(BatchDescribed(batch=batch.code), actor=actor)


@transaction.atomic
def hold_batch(*, actor: User, code: str, reason: str) -> Batch:
    """Put a batch on hold: its bags can be registered, inspected and returned, nothing else.

    Held already: nothing changes, the first hold and its reason stay.
    """
    if not reason.strip():
        raise ReasonMissing
    batch = _locked(code)
    if not batch.held:
        batch.held, batch.held_reason = True, reason.strip()[:200]
        batch.held_at, batch.held_by = timezone.now(), actor
        batch.save(update_fields=["held", "held_reason", "held_at", "held_by"])
        emit(BatchHeld(batch=code, reason=batch.held_reason), actor=actor)
    return batch


@transaction.atomic
def release_batch(*, actor: User, code: str) -> Batch:
    """Lift the hold of a batch; nothing changes where it is not held."""
    batch = _locked(code)
    if batch.held:
        batch.held, batch.held_reason, batch.held_at, batch.held_by = False, "", None, None
        batch.save(update_fields=["held", "held_reason", "held_at", "held_by"])
        emit(BatchReleased(batch=code), actor=actor)
    return batch


@transaction.atomic
def close_batch(*, actor: User, code: str) -> Batch:
    """Close a batch, for ever: it takes no new bags. Nothing changes where it is closed."""
    batch = _locked(code)
    if batch.state != Batch.State.CLOSED:
        batch.state = Batch.State.CLOSED
        batch.save(update_fields=["state"])
        emit(BatchClosed(batch=code), actor=actor)
    return batch


def _locked(code: str) -> Batch:
    batch = Batch.objects.select_for_update(no_key=True).filter(code=code).first()
    if batch is None:
        raise BatchUnknown(batch=code)
    return batch
