"""The reports page: scans by day and by area, CSV export, links to all downloads."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bags.models import Area
from dashboard.business_days import business_day
from dashboard.pages.base import AuthenticatedRequest, permission_page
from dashboard.pages.forms import ReportForm, read_form
from dashboard.stats import queries, reports


@require_safe
@permission_page("dashboard.view_dashboard")
def reports_page(request: AuthenticatedRequest) -> HttpResponse:
    """/reports: number of scans of each step by day and by area."""
    first, last, area, rows = _load_report(request)
    context = {
        "first": first,
        "last": last,
        "today": business_day(timezone.now()),
        "area_code": area,
        "areas": Area.objects.visible_to(request.user).order_by("name"),
        "tables": {by: reports.build_table(rows, by) for by in ("day", "area")},
        "query": request.GET.urlencode(),
    }
    return render(request, "pages/reports.html", context)


@require_safe
@permission_page("dashboard.view_dashboard")
def scans_csv(request: AuthenticatedRequest) -> HttpResponse:
    """/reports/scans.csv: the same numbers, a row for each day, area and step."""
    first, last, _area, rows = _load_report(request)
    response = HttpResponse(reports.format_csv(rows), content_type="text/csv; charset=utf-8")
    name = f"scans-{first}-{last}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _load_report(request: AuthenticatedRequest) -> tuple[date, date, str, list[dict[str, Any]]]:
    """Return first day, last day and area code of the report, and its rows."""
    fields = read_form(ReportForm(request.GET))
    today, area = business_day(timezone.now()), fields["area"]
    first, last = reports.parse_period(fields["first"], fields["last"], today=today)
    rows = queries.scan_report(request.user, first=first, last=last)
    return first, last, area, [row for row in rows if not area or row["area"] == area]
