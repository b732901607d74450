"""What pages call things that answers name by their code."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from bags.models import Area


def areas(request: HttpRequest) -> dict[str, Any]:
    """For every template: the names of all areas by their codes, asked for where one is shown."""
    return {"area_names": SimpleLazyObject(by_area)}


def by_area() -> dict[str, str]:
    """The names of all areas by their codes."""
    return dict(Area.objects.values_list("code", "name"))
