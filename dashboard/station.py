"""What the scan station must know before the first scan: its steps, the areas, the patterns."""

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext_lazy as _

from bags.models import Area, BagType
from bags.querysets import user_areas
from dashboard.offers import DO
from dashboard.signs import STEPS
from tracetrack.models import User

OFFERED = (
    "link", "move", "unlink", "complete", "dispatch", "receive", "return", "inspect", "register",
    "reopen",
)  # fmt: skip


def setup(user: User) -> dict[str, Any]:
    """As JSON: who scans, the steps, the user's areas, all areas (to dispatch to), the types."""
    everywhere = list(Area.objects.filter(active=True).order_by("name"))
    own = user_areas(user)
    return {
        "username": user.username,
        "steps": [
            {"step": step} | asdict(STEPS[step]) | {"do": DO.get(step, _("Register"))}
            for step in OFFERED
        ],
        "areas": [_area(area) for area in everywhere if own is None or area.pk in own],
        "destinations": [_area(area) for area in everywhere],
        "types": list(BagType.objects.values("parent_pattern", "child_pattern", "capacity")),
    }


def _area(area: Area) -> dict[str, str]:
    return {"code": area.code, "name": area.name}
