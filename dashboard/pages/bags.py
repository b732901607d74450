"""The list of bags with its filters, columns and XLSX export."""

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
from dashboard.labels import KINDS, STATES
from dashboard.pages.base import ROWS_PER_PAGE, AuthenticatedRequest, permission_page
from dashboard.pages.forms import BagListForm, read_form
from dashboard.xlsx import build_workbook

COLUMNS = {
    "state": _("State"),
    "area": _("Area"),
    "kind": _("Kind"),
    "bag_type": _("Bag type"),
    "batch": _("Batch"),
    "parent": _("Sack or contents"),
    "weight": _("Weight"),
}
DEFAULT_COLUMNS = ("state", "area", "kind", "batch", "parent", "weight")
# Column title and model field of the XLSX export.
XLSX_COLUMNS = (
    ("code", "code"), ("kind", "kind"), ("bag_type", "bag_type__name"), ("batch", "batch__code"),
    ("area", "area__code"), ("bound_for", "bound_for__code"), ("state", "state"),
    ("parent", "parent__code"), ("child_count", "child_count"), ("weight", "weight"),
)  # fmt: skip


@require_safe
@permission_page("bags.view_bag")
def bags(request: AuthenticatedRequest) -> HttpResponse:
    """/bags: the bags that match the filters; filters, order and columns are in the URL."""
    fields = read_form(BagListForm(request, tuple(COLUMNS.items())))
    rows = queries.bags_after(
        request.user,
        BAG_COLUMNS,
        after=fields["after"],
        limit=ROWS_PER_PAGE + 1,
        filters=_bag_filters(fields),
        newest=fields["order"] == "newest",
    )
    context = {
        "bags": rows[:ROWS_PER_PAGE],
        "fields": fields,
        "has_filters": bool(_filter_params(fields)),
        "columns": fields["column"] or DEFAULT_COLUMNS,
        "all_columns": COLUMNS.items(),
    }
    last_id = rows[ROWS_PER_PAGE - 1]["id"] if rows[ROWS_PER_PAGE:] else None
    return render(
        request, "pages/bags.html", context | _query_strings(fields, last_id) | _choices()
    )


@require_safe
@permission_page("bags.view_bag")
def bags_workbook(request: AuthenticatedRequest) -> FileResponse:
    """/exports/bags.xlsx: the bags that match the filters, as an XLSX workbook."""
    filters = _bag_filters(read_form(BagListForm(request)))
    file = build_workbook(queries.all_bags(request.user, filters), XLSX_COLUMNS, name="bags")
    return FileResponse(file, as_attachment=True, filename="bags.xlsx")


def _bag_filters(fields: dict[str, Any]) -> BagFilters:
    texts = {name: fields[name] or None for name in BagListForm.FILTERS}
    return BagFilters(loose=fields["loose"], **texts)


def _filter_params(fields: dict[str, Any]) -> dict[str, str]:
    params = {name: fields[name] for name in BagListForm.FILTERS if fields[name]}
    return params | ({"loose": "1"} if fields["loose"] else {})


def _query_strings(fields: dict[str, Any], last_id: int | None) -> dict[str, str]:
    """Return the query strings of the links; `next_query` is empty on the last page."""
    filters = _filter_params(fields)
    params = [*filters.items(), *[("column", name) for name in fields["column"]]]
    if fields["order"]:
        params.append(("order", fields["order"]))
    return {
        "export_query": urlencode(filters),
        "first_query": urlencode(params),
        "next_query": urlencode([*params, ("after", last_id)]) if last_id is not None else "",
    }


def _choices() -> dict[str, Any]:
    return {
        "kinds": [(value, KINDS[value].text) for value in Kind.values],
        "states": [(value, STATES[value].text) for value in State.values],
        "areas": Area.objects.order_by("name"),
        "bag_types": BagType.objects.order_by("name"),
    }
