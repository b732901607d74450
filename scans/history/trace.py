"""The whole chain of a bag in one answer: its lot, what it lay in, what lay in it, its way."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.models import User
from bags.models import Area, Bag, Batch, Kind
from scans.history.point_in_time import (
    MOST_ROWS,
    Act,
    Ledger,
    Position,
    Stay,
    ledger,
    position,
    stays,
)
from scans.history.timeline import END, NEVER, stops, told
from scans.models import EARLIEST, Scan
from tracetrack.db.sql_files import sql

# What one answer lists of what lay in a bag, or in what it lay; how much is left out, it says.
MOST_STAYS = 1000
AFTER_NOTHING = (EARLIEST, 0)


def trace(
    user: User, bag: Bag, *, at: datetime | None, after: int | None, limit: int
) -> tuple[dict[str, Any], int | None]:
    """The chain of `bag` now, or as it was known `at` an instant, with a page of its way.

    The page begins behind the scan `after`; where there is more, its last scan comes, too. Lots,
    and bags beside this one in a sack, are named where `user` may see them. `truncated` where its
    past is so long that its older part was not looked at.
    """
    known = ledger(bag, at)
    was, sure = (_now(bag), True) if at is None else _then(bag, known, at)
    lay = [stay for stay in stays(known.lines) if bag.pk in (stay.child, stay.parent)]
    chain = _chain(user, bag, was, lay)
    asked = _asked(bag, lay, at)
    rows, more = _way(bag, asked, after=after, limit=limit)
    more_told = {"at": at.isoformat() if at else None, "truncated": not (known.whole and sure)}
    return chain | more_told | _places_and_hands(asked) | {"way": rows}, more


def _chain(user: User, bag: Bag, was: Position | None, lay: list[Stay]) -> dict[str, Any]:
    shown, child = lay[-MOST_STAYS:], bag.kind == Kind.CHILD
    inside = was.children if was else frozenset()
    others = {stay.parent if child else stay.child for stay in shown}
    chain = _Chain(user, others | inside, shown)
    batch = bag.batch
    listed = [chain.stay(stay, stay.parent if child else stay.child) for stay in shown]
    return {
        "code": bag.code,
        "kind": bag.kind,
        "bag_type": bag.bag_type.name,
        "position": _placed(bag, was) if was else None,
        "batch": _lot(batch) if batch else None,
        "parents": listed if child else [],
        "children": [] if child else listed,
        "siblings": chain.named(inside - {bag.pk}) if child else [],
        "lots": chain.lots(inside),
        "left_out": len(lay) - len(shown),
    }


def _way(
    bag: Bag, asked: dict[str, Any], *, after: int | None, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    places = Scan.objects.filter(pk=after or 0).values_list("scanned_at", "id")
    place = (places.first() if after else None) or AFTER_NOTHING
    page = {"most": limit + 1, "after": place[0], "after_id": place[1]}
    with connection.cursor() as cursor:
        cursor.execute(sql("scans.way_page"), asked | page)
        ids = [pk for (pk,) in cursor.fetchall()]
    shown = ids[:limit]
    return stops(bag, told(shown), at=asked["at"]), shown[-1] if len(ids) > limit else None


def _places_and_hands(asked: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {"places": [], "hands": []}
    with connection.cursor() as cursor:
        cursor.execute(sql("scans.way_totals"), asked)
        for area, username, scans, first, last in cursor.fetchall():
            times = {"scans": scans, "first": first.isoformat(), "last": last.isoformat()}
            if area is not None:
                found["places"].append({"area": area} | times)
            else:
                found["hands"].append({"username": username} | times)
    return found


class _Chain:
    """What a chain names: other bags, and more of those that the user may see; people, areas."""

    def __init__(self, user: User, ids: Collection[int], shown: Iterable[Stay]) -> None:
        acts = [act for stay in shown for act in (stay.entered, stay.left) if act]
        people = User.objects.filter(pk__in={act.actor for act in acts})
        self._people = dict(people.values_list("id", "username"))
        self._areas = dict(Area.objects.values_list("id", "code"))
        self._codes = dict(Bag.objects.filter(pk__in=ids).values_list("id", "code"))
        seen = Bag.objects.visible_to(user).filter(pk__in=ids)
        self._seen: dict[int, tuple[str, str | None]] = {
            pk: (code, batch) for pk, code, batch in seen.values_list("id", "code", "batch__code")
        }

    def stay(self, stay: Stay, other: int) -> dict[str, Any]:
        return {
            "code": self._codes[other],
            "batch": self._seen.get(other, ("", None))[1],
            "entered": self._act(stay.entered),
            "left": self._act(stay.left) if stay.left else None,
        }

    def _act(self, act: Act) -> dict[str, Any]:
        return {
            "id": act.id,
            "step": act.step,
            "scanned_at": act.scanned_at.isoformat(),
            "area": self._areas[act.area],
            "username": self._people[act.actor],
        }

    def named(self, ids: Collection[int]) -> list[dict[str, Any]]:
        seen = sorted(self._seen[pk] for pk in ids if pk in self._seen)
        return [{"code": code, "batch": batch} for code, batch in seen]

    def lots(self, ids: Collection[int]) -> list[dict[str, Any]]:
        """The lots that are mixed in a sack, with how many bags of each."""
        found = Counter(self._seen[pk][1] for pk in ids if pk in self._seen)
        return [
            {"batch": batch, "children": found[batch]}
            for batch in sorted(found, key=lambda batch: batch or "")
        ]


def _now(bag: Bag) -> Position:
    """As the bag itself says, which is what its ledger says."""
    around = bag.parent_id if bag.kind == Kind.CHILD else bag.pk
    inside = Bag.objects.filter(parent=around).values_list("id", flat=True) if around else []
    return Position(
        state=bag.state,
        area=bag.area_id,
        bound_for=bag.bound_for_id,
        parent=bag.parent_id,
        children=frozenset(inside),
    )


def _then(bag: Bag, known: Ledger, at: datetime) -> tuple[Position | None, bool]:
    """What it was at a moment of the past, and whether that can be said."""
    if bag.kind == Kind.PARENT:
        # What lies in a sack may have entered before what was looked at.
        return (position(bag, known.lines), True) if known.whole else (None, False)
    was = position(bag, known.lines)
    if was is None or was.parent is None:
        return was, known.whole or was is not None
    # A child is where its parent is, and the others in there are its siblings.
    sack = Bag.objects.get(pk=was.parent)
    lies, sure = _then(sack, ledger(sack, at), at)
    if lies is None:
        return None, sure
    return replace(was, area=lies.area, bound_for=lies.bound_for, children=lies.children), sure


def _placed(bag: Bag, was: Position) -> dict[str, Any]:
    areas = dict(Area.objects.filter(pk__in={was.area, was.bound_for}).values_list("id", "code"))
    parent = Bag.objects.get(pk=was.parent).code if was.parent else None
    sack = bag.kind == Kind.PARENT
    inside = Bag.objects.filter(pk__in=was.children if sack else []).values_list(
        "weight", flat=True
    )
    weight = sum(inside, Decimal(0)) if sack else bag.weight
    return {
        "state": str(was.state),
        "area": areas[was.area],
        "bound_for": areas.get(was.bound_for or 0),
        "parent": parent,
        "child_count": len(was.children) if sack else None,
        "capacity": bag.capacity,
        "weight": f"{weight:.3f}",
    }


def _lot(batch: Batch) -> dict[str, Any]:
    return {
        "code": batch.code,
        "product": batch.product,
        "variety": batch.variety,
        "produced_on": batch.produced_on.isoformat(),
        "expires_on": batch.expires_on.isoformat() if batch.expires_on else None,
        "state": batch.state,
        "held": batch.held,
    }


def _asked(bag: Bag, lay: list[Stay], at: datetime | None) -> dict[str, Any]:
    carried = lay if bag.kind == Kind.CHILD else []
    return {
        "bag": bag.pk,
        "at": at or END[0],
        "rows": MOST_ROWS,
        "parents": [stay.parent for stay in carried],
        "since": [stay.entered.id for stay in carried],
        "until": [stay.left.id if stay.left else NEVER for stay in carried],
    }
