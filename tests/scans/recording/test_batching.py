"""Rows in groups: how many go together, and which end a group."""

import pytest

from accounts.models import User
from scans.recording.batching import split_into_groups
from tests.scans.recording.test_fast_path import scan_request
from tracetrack.errors.problem import Problem


@pytest.fixture
def asha():
    """Whoever scanned: that does not matter here."""
    return User(username="asha")


class TestGroups:
    def test_begin_small_and_double_where_somebody_waits_for_the_first(self, asha):
        rows = [(scan_request("inspect", "SB10001"), asha)] * 45

        assert [len(g) for g in split_into_groups(rows, 10, first_rows=3)] == [3, 6, 10, 10, 10, 6]
        assert [len(g) for g in split_into_groups(rows, 20)] == [20, 20, 5]
        assert [len(g) for g in split_into_groups(rows, 20, first_rows=50)] == [20, 20, 5]

    def test_end_where_enough_of_their_rows_lock_something(self, asha):
        def row(step):
            return scan_request(step, "SB10001", undoes=1 if step == "undo" else None), asha

        rows = [row("inspect"), row("complete")] * 6 + [Problem(), row("reopen"), row("inspect")]
        undone = [row("complete"), row("undo"), row("complete"), row("reopen"), row("inspect")]

        assert [len(g) for g in split_into_groups(rows, 20, max_changing=3)] == [6, 6, 3]
        assert [len(g) for g in split_into_groups(rows, 4, max_changing=3)] == [4, 4, 4, 3]
        assert [len(g) for g in split_into_groups(undone, 20, max_changing=2)] == [1, 1, 2, 1]
