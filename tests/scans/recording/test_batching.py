"""The sizes of the groups in which rows are recorded."""

import pytest

from accounts.models import User
from scans.recording.batching import split_into_groups
from tests.recorded_day import new_request
from tracetrack.errors.problem import Problem


@pytest.fixture
def asha():
    """Return an actor who is not saved."""
    return User(username="asha")


class TestSplitIntoGroups:
    def test_starts_with_small_groups_that_double(self, asha):
        rows = [(new_request("inspect", "SB10001"), asha)] * 45

        assert [len(g) for g in split_into_groups(rows, 10, first_rows=3)] == [3, 6, 10, 10, 10, 6]
        assert [len(g) for g in split_into_groups(rows, 20)] == [20, 20, 5]
        assert [len(g) for g in split_into_groups(rows, 20, first_rows=50)] == [20, 20, 5]

    def test_limits_the_rows_that_change_bags(self, asha):
        def row(step):
            return new_request(step, "SB10001", undoes=1 if step == "undo" else None), asha

        rows = [row("inspect"), row("complete")] * 6 + [Problem(), row("reopen"), row("inspect")]
        undone = [row("complete"), row("undo"), row("complete"), row("reopen"), row("inspect")]

        assert [len(g) for g in split_into_groups(rows, 20, max_changing=3)] == [6, 6, 3]
        assert [len(g) for g in split_into_groups(rows, 4, max_changing=3)] == [4, 4, 4, 3]
        assert [len(g) for g in split_into_groups(undone, 20, max_changing=2)] == [1, 1, 2, 1]
