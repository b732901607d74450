"""Factories of test data: functions that create the minimum."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from bags.codes import parse_code
from bags.models import Area, Bag, BagType, Batch
from scans.recording.record_scan import ScanResult, record_scan
from scans.scan_request import parse_scan_request

AREAS = (
    "lucknow", "indore", "jaipur", "hisar", "sri-ganganagar",
    "sangaria", "bathinda", "raipur", "ranchi", "akola",
)  # fmt: skip
TYPES: dict[str, dict[str, Any]] = {
    "mustard": {"parent_pattern": r"SB\d{5,8}", "child_pattern": r"CB\d{9}", "capacity": 30},
    "moong": {"parent_pattern": r"M444-\d{5}", "child_pattern": r"MG\d{9}", "capacity": 15},
}
CHILD_PREFIXES = {"S": "CB", "M": "MG"}


def make_user(username: str, role: str, areas: Iterable[str] = (), *, password: str = "") -> User:
    """Return the user with this name and role, a member of exactly these areas.

    Without a password the user can log in by `client.force_login` only.
    """
    user, created = User.objects.get_or_create(username=username, defaults={"role": role})
    if created:
        user.set_password(password or None)
    user.role = role
    user.save()
    user.areas.set([make_area(code) for code in areas])
    return user


def make_area(code: str) -> Area:
    """Return the area with this code."""
    return Area.objects.get_or_create(code=code, defaults={"name": _name(code)})[0]


def make_bag_type(name: str, **fields: Any) -> BagType:
    """Return the bag type with this name: "mustard", "moong", or a new one with `fields`."""
    known = TYPES.get(name, TYPES["mustard"])
    return BagType.objects.get_or_create(name=name, defaults=known | fields)[0]


def create_reference_data() -> None:
    """Create the two bag types and the ten areas of the demo."""
    types = [BagType(name=name, **fields) for name, fields in TYPES.items()]
    BagType.objects.bulk_create(types, ignore_conflicts=True)
    areas = [Area(code=code, name=_name(code)) for code in AREAS]
    Area.objects.bulk_create(areas, ignore_conflicts=True)


def make_batch(code: str, bag_type: str = "mustard", **fields: Any) -> Batch:
    """Create a batch; with `held_by` it is on hold."""
    if "held_by" in fields:
        fields = {"held": True, "held_reason": "recalled", "held_at": timezone.now()} | fields
    return Batch.objects.create(
        code=code,
        bag_type=make_bag_type(bag_type),
        **{"product": bag_type.title(), "produced_on": date(2026, 11, 1)} | fields,
    )


def scan(
    actor: User,
    step: str,
    code: str,
    parent_code: str | None = None,
    area: str = "lucknow",
    *,
    now: datetime | None = None,
    **more: Any,
) -> ScanResult:
    """Record a scan with a new ref; `more` are further fields of the scan request."""
    raw = {"step": step, "code": code, "parent_code": parent_code, "area": area}
    moment = now or timezone.now()
    scan_request = parse_scan_request({"ref": uuid4(), "scanned_at": moment} | raw | more)
    return record_scan(actor=actor, scan_request=scan_request, now=now)


def child_codes(parent_code: str, count: int) -> list[str]:
    """Return `count` child codes that belong to this parent only."""
    digits = int("".join(c for c in parent_code if c.isdigit())) % 10_000_000
    prefix = CHILD_PREFIXES[parent_code[0]]
    return [f"{prefix}{digits * 100 + number:09d}" for number in range(1, count + 1)]


def make_parent(
    code: str, children: int = 0, *, actor: User | None = None, area: str = "lucknow"
) -> Bag:
    """Create a parent with a number of children by scans."""
    code = parse_code(code)
    actor = actor or make_user("packer", Role.OFFICE)
    recorded = scan(actor, "register", code, area=area)
    for child in child_codes(code, children):
        recorded = scan(actor, "link", child, code, area=area)
    return recorded.parent if children else recorded.bag  # type: ignore[return-value]


def make_loose_child(code: str, *, actor: User | None = None, area: str = "lucknow") -> Bag:
    """Create a child without a parent."""
    return scan(actor or make_user("packer", Role.OFFICE), "register", code, area=area).bag


def assign_batch(batch: Batch, *codes: str) -> None:
    """Assign these bags to a batch, as a bag sheet does."""
    Bag.objects.with_codes(codes).update(batch=batch)


def _name(area: str) -> str:
    return area.replace("-", " ").title()
