"""The recall list of a batch: every bag, its location and its users."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bags import queries as bag_queries
from dashboard.pages.base import ROWS_PER_PAGE, AuthenticatedRequest, permission_page
from dashboard.pages.forms import PageForm, read_form
from scans.history.recall import recall_page


@require_safe
@permission_page("scans.view_scan")
def recall(request: AuthenticatedRequest, code: str) -> HttpResponse:
    """/batches/<code>/recall: one page of the recall list; the API exports all of it."""
    batch = bag_queries.find_batch(request.user, code)
    after = read_form(PageForm(request.GET))["after"]
    rows = recall_page(request.user, batch, after=after, limit=ROWS_PER_PAGE + 1)
    context = {
        "batch": batch,
        "contents": bag_queries.batch_contents(request.user, batch),
        "bags": rows[:ROWS_PER_PAGE],
        "next_after": rows[ROWS_PER_PAGE - 1]["id"] if rows[ROWS_PER_PAGE:] else None,
        "after": after,
    }
    return render(request, "pages/recall.html", context)
