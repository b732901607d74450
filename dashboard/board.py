"""What the dashboard says beside its numbers: periods, what narrows it, its script's words."""

from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _

from bags.models import Area
from bags.querysets import user_areas
from dashboard import signs
from tracetrack.models import User

PERIODS = {
    "today": _("Today"),
    "yesterday": _("Yesterday"),
    "7d": _("7 days"),
    "30d": _("30 days"),
}
WORDS = {
    "live": _("Live"),
    "asking": _("Asking …"),
    "by-asking": _("Asking every 15 s"),
    "resting": _("Paused"),
    "offline": _("Offline since {time}"),
    "signed-out": _("Signed out"),
    "stale": _("The numbers are no longer fresh."),
    "fresh": _("The numbers are fresh again."),
    "said": _("{count} scans today."),
    "by_now": _("against yesterday by {hour}:00"),
}


def seen_areas(user: User) -> list[dict[str, str]]:
    """Code and name of every area that `user` sees, by name."""
    areas, seen = Area.objects.order_by("name"), user_areas(user)
    narrowed = areas if seen is None else areas.filter(pk__in=seen)
    return [{"code": code, "name": name} for code, name in narrowed.values_list("code", "name")]


def asked_again(asked: dict[str, Any]) -> str:
    """The query with which the script asks for the same numbers."""
    usual = {"area": None, "period": "today"}
    narrowing = {name: value for name, value in asked.items() if value != usual[name]}
    return f"?{urlencode(narrowing)}" if narrowing else ""


def setup(area_names: dict[str, str]) -> dict[str, Any]:
    """What the page's own script needs, in the language of the page."""
    return {"steps": signs.steps_as_json(), "areas": area_names, "words": WORDS}
