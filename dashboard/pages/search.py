"""Searching: a page of its own, and what is suggested while somebody types."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from bags.search import search as bags_and_batches
from bags.search import search_areas
from dashboard.pages.base import Asked, page, text_in

# So many of each kind fit below the field.
SUGGESTED = 6


@require_safe
@page("bags.view_bag")
def search(request: Asked) -> HttpResponse:
    """/search?q=: a whole code leads to its bag; else what the text begins, ends or is inside."""
    text = text_in(request, "q")
    if not text:
        return render(request, "pages/search.html", {"text": ""})
    found = _found(request, text, limit=20)
    if found["by"] == "exact" and len(found["bags"]) == 1:
        return redirect("bag", code=found["bags"][0]["code"])
    return render(request, "pages/search.html", {"text": text, "found": found})


@require_safe
@page("bags.view_bag")
def suggest(request: Asked) -> HttpResponse:
    """/search/suggest?q=: the options below the field, as HTML."""
    text = text_in(request, "q")
    found = _found(request, text, limit=SUGGESTED) if text else {}
    return render(request, "parts/suggestions.html", {"text": text, "found": found})


def _found(request: Asked, text: str, *, limit: int) -> dict[str, Any]:
    areas = search_areas(request.user, text, limit=limit)
    return bags_and_batches(request.user, text, limit) | {"areas": areas}
