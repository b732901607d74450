"""A recall as a page: every bag of a lot, and where it is now."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bags import queries as bag_queries
from dashboard.pages.base import PER_PAGE, Asked, number_in, page
from scans import queries


@require_safe
@page("scans.view_scan")
def recall(request: Asked, code: str) -> HttpResponse:
    """/batches/<code>/recall: the lot bag by bag, a page at a time; whole as a sheet by the API."""
    batch = bag_queries.find_batch(request.user, code)
    after = number_in(request.GET.get("after"))
    rows = queries.recall_page(request.user, batch, after=after, limit=PER_PAGE + 1)
    context = {
        "batch": batch,
        "contents": bag_queries.batch_contents(request.user, batch),
        "bags": rows[:PER_PAGE],
        "more": rows[PER_PAGE - 1]["id"] if rows[PER_PAGE:] else None,
        "after": after,
    }
    return render(request, "pages/recall.html", context)
