"""Measurement rounds: order, medians, dropped rounds."""

import pytest

from bench.cases import Case
from bench.rounds import Round, undisturbed


def made(*, unit, bar, at_most=False):
    return Case("a_case", "", unit, bar, at_most, 5, setting=None)


class TestARatio:
    @pytest.mark.parametrize(
        ("unit", "at_most", "ratio"), [("ms", False, 2), ("ms", True, 0.5), ("rows/s", False, 0.5)]
    )
    def test_is_how_many_times_better_or_as_much(self, unit, at_most, ratio):
        assert made(unit=unit, bar=1, at_most=at_most).ratio(ours=5, against=10) == ratio

    @pytest.mark.parametrize(
        ("ratio", "at_most", "holds"),
        [(2, False, True), (1.9, False, False), (2, True, True), (2.1, True, False)],
    )
    def test_holds_at_its_bar(self, ratio, at_most, holds):
        assert made(unit="ms", bar=2, at_most=at_most).holds(ratio) == holds


class TestDisturbedRounds:
    def test_are_those_with_another_control(self):
        rounds = [Round(1, 1, control) for control in (10, 12, 14, 9)]

        assert [one.control for one in undisturbed(rounds)] == [10, 12, 9]

    def test_never_are_all_of_them(self):
        assert len(undisturbed([Round(1, 1, 10), Round(1, 1, 100)])) == 1
