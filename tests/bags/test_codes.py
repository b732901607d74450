"""Normalization of codes and parsing of labels."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bags.codes import CODE, Label, normalize_code, parse_label
from bags.errors import BadCode


class TestNormalizeCode:
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("sb22407", "SB22407"),
            ("  SB22407 ", "SB22407"),
            ("\uff23\uff22297058308", "CB297058308"),
            ("CB2\u200b97058308", "CB297058308"),
            ("\ufeffCB297058308\r\n", "CB297058308"),
            ("m444-22427", "M444-22427"),
            ("A/B.C_D-1", "A/B.C_D-1"),
            ("A" * 64, "A" * 64),
        ],
    )
    def test_returns_the_normal_form(self, text, code):
        assert normalize_code(text) == code

    @pytest.mark.parametrize(
        "text",
        ["", "x", "??", "SB 12 34", "=CMD()", "\x07", "-AB1", "A" * 65, "नमी", "SB22407'"],
    )
    def test_rejects_invalid_codes(self, text):
        assert normalize_code(text) is None

    @given(st.text(max_size=80))
    def test_is_idempotent_and_matches_the_pattern(self, text):
        code = normalize_code(text)

        assert code is None or (CODE.fullmatch(code) and normalize_code(code) == code)


class TestParseLabel:
    @pytest.mark.parametrize(
        ("text", "label"),
        [
            ("SB22407", Label("SB22407")),
            ("cb000000001;lot-7", Label("CB000000001", "LOT-7")),
            ("https://example.com/b/CB000000001", Label("CB000000001")),
            ("https://id.example.com/01/09506000134352/21/CB000000001", Label("CB000000001")),
            ("https://e.com/01/095/10/LOT-7/21/CB000000001", Label("CB000000001", "LOT-7")),
            ("https://e.com/x/CB000000001?utm=1#top", Label("CB000000001")),
        ],
    )
    def test_returns_code_and_lot(self, text, label):
        assert parse_label(text) == label

    @pytest.mark.parametrize("text", ["", ";LOT-7", "https://e.com/", "A" * 600, "https://[bad"])
    def test_rejects_labels_without_a_code(self, text):
        with pytest.raises(BadCode):
            parse_label(text)

    @given(st.text(max_size=600))
    def test_raises_nothing_but_bad_code(self, text):
        with suppress(BadCode):
            assert CODE.fullmatch(parse_label(text).code)
