"""The overview page: statistics, charts and latest scans."""

from typing import Any
from urllib.parse import urlencode

import orjson
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.models import User
from bags.models import Area
from dashboard import labels
from dashboard.pages.base import AuthenticatedRequest, permission_page
from dashboard.pages.context_processors import load_area_names
from dashboard.pages.forms import OverviewForm, read_form
from dashboard.stats import cached_queries

PERIODS = {
    "today": _("Today"),
    "yesterday": _("Yesterday"),
    "7d": _("7 days"),
    "30d": _("30 days"),
}
DEFAULT_FILTERS = {"area": None, "period": "today"}
# Texts of overview.js.
TEXTS = {
    "live": _("Live"),
    "polling": _("Updating …"),
    "polling-fallback": _("Updating every 15 s"),
    "paused": _("Paused"),
    "offline": _("Offline since {time}"),
    "signed-out": _("Signed out"),
    "outdated": _("The numbers are out of date."),
    "current": _("The numbers are up to date again."),
    "announcement": _("{count} scans today."),
    "pace_label": _("vs yesterday till {hour}:00"),
}


def visible_areas(user: User) -> list[dict[str, str]]:
    """Return code and name of the areas that `user` may see, ordered by name."""
    areas = Area.objects.visible_to(user).order_by("name")
    return [{"code": code, "name": name} for code, name in areas.values_list("code", "name")]


def statistics_query(filters: dict[str, Any]) -> str:
    """Return the query string with which overview.js requests the same statistics."""
    changed = {name: value for name, value in filters.items() if value != DEFAULT_FILTERS[name]}
    return f"?{urlencode(changed)}" if changed else ""


def script_setup(area_names: dict[str, str]) -> dict[str, Any]:
    """Return the data of overview.js in the active language."""
    return {"steps": labels.steps_as_json(), "areas": area_names, "texts": TEXTS}


@require_safe
@permission_page("dashboard.view_dashboard")
def overview(request: AuthenticatedRequest) -> HttpResponse:
    """/: the statistics, rendered by the server and kept up to date by overview.js."""
    fields = read_form(OverviewForm(request.GET))
    filters: dict[str, Any] = {
        name: fields[name] or default for name, default in DEFAULT_FILTERS.items()
    }
    statistics, _is_cached = cached_queries.overview(request.user, **filters)
    areas, area_names = visible_areas(request.user), load_area_names()
    context = {
        "statistics": orjson.loads(statistics),
        "filters": filters,
        "query": statistics_query(filters),
        "areas": areas,
        "area_names": area_names,
        "selected_area": next((area for area in areas if area["code"] == filters["area"]), None),
        "periods": PERIODS,
        "period": PERIODS[filters["period"]],
        "setup": script_setup(area_names),
    }
    return render(request, "pages/overview.html", context)
