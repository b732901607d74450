"""One normaliser for every code, and the reading of what a label carries."""

import re
import unicodedata
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from bags.errors import BadCode

CODE_CHARACTER = r"[A-Z0-9\-_/.]"
CODE = re.compile(rf"[A-Z0-9]{CODE_CHARACTER}{{2,63}}")
# What a code may hold somewhere.
CODE_PART = re.compile(rf"{CODE_CHARACTER}+")
# A label is a URL, a GS1 Digital Link or "code;lot"; nothing sensible is longer.
MAX_LABEL_CHARS = 512
INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


class Label(NamedTuple):
    """What a label says: the bag's code, and the lot where it names one."""

    code: str
    lot: str | None = None


def normalize_code(text: str) -> str | None:
    """`text` as the one form of a code; None where it cannot be one.

    Unicode NFKC, control and invisible characters and outer white space removed, upper-cased,
    3-64 characters of A-Z 0-9 - _ / . starting with a letter or digit.
    """
    code = _cleaned(text).upper()
    return code if CODE.fullmatch(code) else None


def parse_label(text: str) -> Label:
    """The code and the lot on a label: a bare code, "code;lot", or a URL (also GS1 Digital Link).

    Raises BadCode where the text carries no usable code.
    """
    if CODE.fullmatch(text):
        # What scanners send is nearly always a code as it should be.
        return Label(text)
    if len(text) > MAX_LABEL_CHARS:
        raise BadCode(given=printable(text))
    cleaned = _cleaned(text)
    raw_code, raw_lot = _from_url(cleaned) if "://" in cleaned else _from_text(cleaned)
    code = normalize_code(raw_code)
    if code is None:
        raise BadCode(given=printable(text))
    return Label(code, normalize_code(raw_lot) if raw_lot else None)


def parse_code(text: str) -> str:
    """The code of a label whose lot does not matter; raises BadCode."""
    return parse_label(text).code


def code_or_none(text: str) -> str | None:
    """The code that a label or a typed word names; None where it names none."""
    try:
        return parse_label(text).code
    except BadCode:
        return None


def _from_text(text: str) -> tuple[str, str | None]:
    code, _, lot = text.partition(";")
    return code, lot or None


def _from_url(text: str) -> tuple[str, str | None]:
    try:
        segments = [unquote(part) for part in urlsplit(text).path.split("/") if part]
    except ValueError:
        return "", None
    pairs = dict(pairwise(segments))
    last = segments[-1] if segments else ""
    return pairs.get("21", last), pairs.get("10")


def _cleaned(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text)
    return "".join(c for c in folded if unicodedata.category(c) not in INVISIBLE_CATEGORIES).strip()


def printable(text: str) -> str:
    """`text` as it may be shown back: printable, and short."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:64])
