"""Measurement rounds: order, medians, dropped rounds."""

import pytest

from bench.cases import Case
from bench.rounds import Round, undisturbed


def make_case(*, unit, bar, at_most=False):
    return Case("a_case", "", unit, bar, at_most, 5, setting=None)


class TestRatio:
    @pytest.mark.parametrize(
        ("unit", "at_most", "ratio"), [("ms", False, 2), ("ms", True, 0.5), ("rows/s", False, 0.5)]
    )
    def test_is_the_improvement_or_with_at_most_the_quotient(self, unit, at_most, ratio):
        assert make_case(unit=unit, bar=1, at_most=at_most).ratio(ours=5, against=10) == ratio

    @pytest.mark.parametrize(
        ("ratio", "at_most", "holds"),
        [(2, False, True), (1.9, False, False), (2, True, True), (2.1, True, False)],
    )
    def test_satisfies_the_bar_if_equal(self, ratio, at_most, holds):
        assert make_case(unit="ms", bar=2, at_most=at_most).holds(ratio) == holds


class TestDisturbedRounds:
    def test_have_another_control(self):
        rounds = [Round(1, 1, control) for control in (10, 12, 14, 9)]

        assert [one.control for one in undisturbed(rounds)] == [10, 12, 9]

    def test_are_never_all_rounds(self):
        assert len(undisturbed([Round(1, 1, 10), Round(1, 1, 100)])) == 1
