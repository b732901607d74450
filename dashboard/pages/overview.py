"""What the dashboard says beside its numbers: periods, what narrows it, its script's words."""

from typing import Any
from urllib.parse import urlencode

import orjson
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.models import User
from bags.models import Area
from bags.querysets import visible_area_ids
from dashboard import labels
from dashboard.pages import context_processors
from dashboard.pages.base import Asked, page, text_in
from dashboard.stats import cached_queries
from dashboard.stats.serializers import OverviewIn
from tracetrack.api.params import parse_params

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
    areas, seen = Area.objects.order_by("name"), visible_area_ids(user)
    narrowed = areas if seen is None else areas.filter(pk__in=seen)
    return [{"code": code, "name": name} for code, name in narrowed.values_list("code", "name")]


def asked_again(asked: dict[str, Any]) -> str:
    """The query with which the script asks for the same numbers."""
    usual = {"area": None, "period": "today"}
    narrowing = {name: value for name, value in asked.items() if value != usual[name]}
    return f"?{urlencode(narrowing)}" if narrowing else ""


def setup(area_names: dict[str, str]) -> dict[str, Any]:
    """What the page's own script needs, in the language of the page."""
    return {"steps": labels.steps_as_json(), "areas": area_names, "words": WORDS}


@require_safe
@page("dashboard.view_dashboard")
def overview(request: Asked) -> HttpResponse:
    """/: every number, painted by the server first and kept fresh by dashboard_ultra.js."""
    given = {name: text for name in ("area", "period") if (text := text_in(request, name))}
    asked = parse_params(OverviewIn, given)
    numbers, _ = cached_queries.overview(request.user, **asked)
    areas, area_names = seen_areas(request.user), context_processors.by_area()
    context = {
        "numbers": orjson.loads(numbers),
        "asked": asked,
        "again": asked_again(asked),
        "areas": areas,
        "area_names": area_names,
        "place": next((area for area in areas if area["code"] == asked["area"]), None),
        "periods": PERIODS,
        "period": PERIODS[asked["period"]],
        "setup": setup(area_names),
    }
    return render(request, "pages/overview.html", context)
