"""Cleaning and escaping of text from users: for storage, error messages and spreadsheets."""

import re
import unicodedata

# PostgreSQL stores neither NUL nor unpaired surrogates.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# These two control the shaping of letters in many Indian scripts, so they stay within words.
JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
LINES = "\n\t"
LINE_SEPARATORS = str.maketrans({"\u2028": "\n", "\u2029": "\n"})
LINES_TO_SPACES = str.maketrans(dict.fromkeys(LINES, " "))
# Characters without a visible shape. Text of nothing else is empty.
BLANKS = frozenset(f"{JOINERS}{LINES} \u115f\u1160\u2800\u3164\uffa0\ufe0e\ufe0f")
# A cell that a spreadsheet evaluates, with or without escapes in front; an escaped one.
FORMULA = re.compile(r"'*[=+\-@\t\r]")
ESCAPED = re.compile(r"'+[=+\-@\t\r]")


def clean_text(text: str, *, lines: bool = False) -> str:
    """Return the text without control and format characters and without surrounding white space.

    With `lines`, line breaks and tabs stay; otherwise they become spaces. Text without any visible
    character becomes empty.
    """
    if not text.isprintable():
        text = "".join(filter(_is_kept, text.translate(LINE_SEPARATORS)))
        text = text if lines else text.translate(LINES_TO_SPACES)
    return "" if BLANKS.issuperset(text) else text.strip()


def printable(text: str) -> str:
    """Return the first 64 characters for an error message, with U+FFFD for unprintable ones."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:64])


def _is_kept(char: str) -> bool:
    return char in JOINERS or char in LINES or unicodedata.category(char) not in ("Cc", "Cf")


def escape_formula(text: str) -> str:
    """Return `text` with an apostrophe in front if a spreadsheet would evaluate it."""
    return f"'{text}" if FORMULA.match(text) else text


def unescape_formula(text: str) -> str:
    """Return the text that escape_formula() was called with."""
    return text[1:] if ESCAPED.match(text) else text
