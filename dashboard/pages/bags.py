"""The list of bags: narrowed, ordered and with the columns that its address says; as a workbook."""

from typing import Any
from urllib.parse import urlencode

from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from bags import queries
from bags.api.serializers import BAG_COLUMNS
from bags.filters import BagFilters
from bags.models import Area, BagType, Kind, State
from dashboard.labels import KIND_WORDS, STATES
from dashboard.pages.base import PER_PAGE, Asked, number_in, page, text_in
from dashboard.xlsx import build_workbook

FILTERS = ("kind", "state", "area", "batch", "bag_type")
COLUMNS = {
    "state": _("State"),
    "area": _("Area"),
    "kind": _("Kind"),
    "bag_type": _("Bag type"),
    "batch": _("Batch"),
    "parent": _("Parent or contents"),
    "weight": _("Weight"),
}
USUAL = ("state", "area", "kind", "batch", "parent", "weight")
SHEET = (
    ("code", "code"), ("kind", "kind"), ("bag_type", "bag_type__name"), ("batch", "batch__code"),
    ("area", "area__code"), ("bound_for", "bound_for__code"), ("state", "state"),
    ("parent", "parent__code"), ("child_count", "child_count"), ("weight", "weight"),
)  # fmt: skip


@require_safe
@page("bags.view_bag")
def bags(request: Asked) -> HttpResponse:
    """/bags: a list to leaf through; everything about it stands in its address."""
    given, filters = _filters(request)
    newest = request.GET.get("order") == "newest"
    after = number_in(request.GET.get("after"))
    rows = queries.bags_after(
        request.user,
        BAG_COLUMNS,
        after=after,
        limit=PER_PAGE + 1,
        filters=filters,
        newest=newest,
    )
    chosen = [name for name in COLUMNS if name in request.GET.getlist("column")]
    narrowing = {name: value for name, value in given.items() if value}
    kept = [*narrowing.items(), *[("column", name) for name in chosen]]
    ordered = [*kept, *([("order", "newest")] if newest else [])]
    following = [*ordered, ("after", rows[PER_PAGE - 1]["id"])] if rows[PER_PAGE:] else []
    context = {
        "bags": rows[:PER_PAGE],
        "more": urlencode(following),
        "start": urlencode(ordered),
        "turned": urlencode([*kept, *([] if newest else [("order", "newest")])]),
        "sheet": urlencode(narrowing),
        "given": given | {"after": after, "newest": newest},
        "narrowed": bool(narrowing),
        "columns": chosen or USUAL,
        "chosen": bool(chosen),
        "all_columns": COLUMNS.items(),
    }
    return render(request, "pages/bags.html", context | _choices())


@require_safe
@page("bags.view_bag")
def bags_workbook(request: Asked) -> FileResponse:
    """/exports/bags.xlsx: the list as a workbook, up to what a sheet can hold."""
    _, filters = _filters(request)
    file = build_workbook(queries.all_bags(request.user, filters), SHEET, name="bags")
    return FileResponse(file, as_attachment=True, filename="bags.xlsx")


def _filters(request: Asked) -> tuple[dict[str, Any], BagFilters]:
    given: dict[str, Any] = {name: text_in(request, name) for name in FILTERS}
    loose = request.GET.get("loose") == "1"
    filters = BagFilters(loose=loose, **{k: v or None for k, v in given.items()})
    return given | {"loose": "1" if loose else ""}, filters


def _choices() -> dict[str, Any]:
    return {
        "kinds": [(value, KIND_WORDS[value]) for value in Kind.values],
        "states": [(value, STATES[value].label) for value in State.values],
        "areas": Area.objects.order_by("name"),
        "types": BagType.objects.order_by("name"),
    }
