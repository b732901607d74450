"""The template filters for numbers."""

import pytest

from dashboard.templatetags.formatting import digits, kilograms


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"), (999, "999"), (1000, "1,000"), (99999, "99,999"), (100000, "1,00,000"),
        (4000000, "40,00,000"), (10000000, "1,00,00,000"), (-1234567, "-12,34,567"),
    ],
)  # fmt: skip
def test_digits_are_grouped_as_in_india(number: int, text: str) -> None:
    assert digits(number) == text


def test_kilograms_have_no_trailing_zeros() -> None:
    weights = ("30.000", "1.250", "0.000", "100")

    assert [kilograms(weight) for weight in weights] == ["30 kg", "1.25 kg", "0 kg", "100 kg"]
