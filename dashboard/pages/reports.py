"""The page of reports: scans by day and by area, and everything as a sheet."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bags.models import Area
from bags.querysets import visible_area_ids
from dashboard.business_days import business_day
from dashboard.pages.base import Asked, page
from dashboard.stats import queries, reports


@require_safe
@page("dashboard.view_dashboard")
def reports_page(request: Asked) -> HttpResponse:
    """/reports: how many scans of which step, by day and by area."""
    first, last, rows = _asked(request)
    own = visible_area_ids(request.user)
    areas = Area.objects.order_by("name")
    context = {
        "first": first,
        "last": last,
        "today": business_day(timezone.now()),
        "area": _area(request),
        "areas": areas if own is None else areas.filter(pk__in=own),
        "tables": {by: reports.build_table(rows, by) for by in ("day", "area")},
        "query": request.GET.urlencode(),
    }
    return render(request, "pages/reports.html", context)


@require_safe
@page("dashboard.view_dashboard")
def scans_csv(request: Asked) -> HttpResponse:
    """/reports/scans.csv: the same numbers as a sheet, a row for each day, area and step."""
    first, last, rows = _asked(request)
    response = HttpResponse(reports.format_csv(rows), content_type="text/csv; charset=utf-8")
    name = f"scans-{first}-{last}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _asked(request: Asked) -> tuple[date, date, list[dict[str, Any]]]:
    today = business_day(timezone.now())
    given = request.GET
    first, last = reports.parse_period(given.get("first", ""), given.get("last", ""), today=today)
    rows = queries.scan_report(request.user, first=first, last=last)
    area = _area(request)
    return first, last, [row for row in rows if not area or row["area"] == area]


def _area(request: Asked) -> str:
    return request.GET.get("area", "")[:32]
