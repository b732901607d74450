"""Assertions on refused scans."""

from typing import Any

import pytest

from bags.models import Bag
from scans.models import Scan
from tests.factories import scan
from tracetrack.errors.problem import Problem


def get_bag(code: str) -> Bag:
    """Return the bag with this code."""
    return Bag.objects.get(code=code)


def assert_scan_refused(problem: type[Problem], *args: Any, **more: Any) -> Problem:
    """Assert that a scan is refused and writes nothing; return the problem."""
    before = Scan.objects.count(), list(Bag.objects.order_by("id").values_list())
    with pytest.raises(problem) as refusal:
        scan(*args, **more)
    assert (Scan.objects.count(), list(Bag.objects.order_by("id").values_list())) == before
    return refusal.value
