"""A scan that is refused, and leaves everything as it was."""

from typing import Any

import pytest

from bags.models import Bag
from scans.models import Scan
from tests.factories import scan
from tracetrack.errors.problem import Problem


def the(code: str) -> Bag:
    """The bag with this code, as it is now."""
    return Bag.objects.get(code=code)


def refused(problem: type[Problem], *args: Any, **more: Any) -> Problem:
    """The Problem that refuses this scan; nothing is written."""
    before = Scan.objects.count(), list(Bag.objects.order_by("id").values_list())
    with pytest.raises(problem) as refusal:
        scan(*args, **more)
    assert (Scan.objects.count(), list(Bag.objects.order_by("id").values_list())) == before
    return refusal.value
