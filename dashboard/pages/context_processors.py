"""Context processors of the page templates."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from bags.models import Area


def areas(request: HttpRequest) -> dict[str, Any]:
    """Return the names of all areas by their codes; the query runs when a template uses them."""
    return {"area_names": SimpleLazyObject(load_area_names)}


def load_area_names() -> dict[str, str]:
    """Return the names of all areas by their codes."""
    return dict(Area.objects.values_list("code", "name"))
