"""The list of batches."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bags import queries as bag_queries
from dashboard.pages.base import ROWS_PER_PAGE, AuthenticatedRequest, permission_page
from dashboard.pages.forms import PageForm, read_form


@require_safe
@permission_page("bags.view_batch")
def batches(request: AuthenticatedRequest) -> HttpResponse:
    """/batches: all batches, newest first."""
    before = read_form(PageForm(request.GET))["before"]
    rows = bag_queries.latest_batches(before=before, limit=ROWS_PER_PAGE + 1)
    context = {
        "batches": rows[:ROWS_PER_PAGE],
        "next_before": rows[ROWS_PER_PAGE - 1].pk if rows[ROWS_PER_PAGE:] else None,
        "before": before,
    }
    return render(request, "pages/batches.html", context)
