"""The search page, and the suggestions below the search field."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from bags.search import search as search_bags_and_batches
from bags.search import search_areas
from dashboard.pages.base import AuthenticatedRequest, permission_page
from dashboard.pages.forms import SearchForm, read_form

MAX_RESULTS = 20
# Suggestions of each kind; more do not fit below the field.
MAX_SUGGESTIONS = 6


@require_safe
@permission_page("bags.view_bag")
def search(request: AuthenticatedRequest) -> HttpResponse:
    """/search?q=: redirect to the bag with exactly this code, or else show all results."""
    text = read_form(SearchForm(request.GET))["q"]
    if not text:
        return render(request, "pages/search.html", {"text": ""})
    results = _search(request, text, limit=MAX_RESULTS)
    if results["by"] == "exact" and len(results["bags"]) == 1:
        return redirect("dashboard:bag", code=results["bags"][0]["code"])
    return render(request, "pages/search.html", {"text": text, "results": results})


@require_safe
@permission_page("bags.view_bag")
def suggest(request: AuthenticatedRequest) -> HttpResponse:
    """/search/suggest?q=: the options below the search field, as an HTML fragment."""
    text = read_form(SearchForm(request.GET))["q"]
    results = _search(request, text, limit=MAX_SUGGESTIONS) if text else {}
    return render(request, "includes/search_suggestions.html", {"text": text, "results": results})


def _search(request: AuthenticatedRequest, text: str, *, limit: int) -> dict[str, Any]:
    areas = search_areas(request.user, text, limit=limit)
    return search_bags_and_batches(request.user, text, limit) | {"areas": areas}
