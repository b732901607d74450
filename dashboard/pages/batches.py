"""The list of batches."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bags import queries as bag_queries
from dashboard.pages.base import PER_PAGE, Asked, number_in, page


@require_safe
@page("bags.view_batch")
def batches(request: Asked) -> HttpResponse:
    """/batches: the newest first."""
    before = number_in(request.GET.get("before"))
    rows = bag_queries.latest_batches(before=before, limit=PER_PAGE + 1)
    context = {
        "batches": rows[:PER_PAGE],
        "more": rows[PER_PAGE - 1].pk if rows[PER_PAGE:] else None,
        "before": before,
    }
    return render(request, "pages/batches.html", context)
