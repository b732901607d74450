"""Texts that people type: what nobody sees in them is not kept."""

import unicodedata

# Between letters these two change how words of many scripts of India are written.
JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
LINES = "\n\t"
BREAKS = str.maketrans({"\u2028": "\n", "\u2029": "\n"})
IN_ONE_LINE = str.maketrans(dict.fromkeys(LINES, " "))
# Letters and signs that look like nothing.
BLANKS = frozenset(f"{JOINERS}{LINES} \u115f\u1160\u2800\u3164\uffa0\ufe0e\ufe0f")


def clean_text(text: str, *, lines: bool = False) -> str:
    """`text` without control and format characters, and without space at its ends.

    Empty where nothing is left to be seen. With `lines`, line breaks and tabs stay.
    """
    if not text.isprintable():
        text = "".join(filter(_stays, text.translate(BREAKS)))
        text = text if lines else text.translate(IN_ONE_LINE)
    return "" if BLANKS.issuperset(text) else text.strip()


def _stays(sign: str) -> bool:
    return sign in JOINERS or sign in LINES or unicodedata.category(sign) not in ("Cc", "Cf")
