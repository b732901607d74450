"""Normalization of codes, and parsing of labels."""

import re
import unicodedata
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from bags.errors import BadCode
from tracetrack.text_cleaning import printable

CODE_CHARACTER = r"[A-Z0-9\-_/.]"
CODE = re.compile(rf"[A-Z0-9]{CODE_CHARACTER}{{2,63}}")
# Any part of a code.
CODE_PART = re.compile(rf"{CODE_CHARACTER}+")
# A label is a code, "code;lot" or a URL such as a GS1 Digital Link.
MAX_LABEL_CHARS = 512
INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


class Label(NamedTuple):
    """The content of a label: the code of the bag, and the lot if the label has one."""

    code: str
    lot: str | None = None


def normalize_code(text: str) -> str | None:
    """Return the normal form of a code; None if the text cannot be one.

    The normal form is Unicode NFKC in upper case, without control characters, invisible characters
    and surrounding white space: 3 to 64 of the characters A-Z 0-9 - _ / . that begin with a letter
    or digit.
    """
    code = _clean(text).upper()
    return code if CODE.fullmatch(code) else None


def parse_label(text: str) -> Label:
    """Return the code and the lot of a label; raises BadCode if it has no valid code.

    A label is a code, "code;lot", or a URL. In a URL the code is the last segment of the path; in a
    GS1 Digital Link it is the value of 21 and the lot that of 10.
    """
    if CODE.fullmatch(text):
        # Almost everything that scanners send is a code in normal form.
        return Label(text)
    if len(text) > MAX_LABEL_CHARS:
        raise BadCode(given=printable(text))
    cleaned = _clean(text)
    raw_code, raw_lot = _split_url(cleaned) if "://" in cleaned else _split_text(cleaned)
    code = normalize_code(raw_code)
    if code is None:
        raise BadCode(given=printable(text))
    return Label(code, normalize_code(raw_lot) if raw_lot else None)


def parse_code(text: str) -> str:
    """Return the code of a label; raises BadCode."""
    return parse_label(text).code


def code_or_none(text: str) -> str | None:
    """Return the code of a label, None if it has no valid code."""
    try:
        return parse_label(text).code
    except BadCode:
        return None


def _split_text(text: str) -> tuple[str, str | None]:
    code, _, lot = text.partition(";")
    return code, lot or None


def _split_url(text: str) -> tuple[str, str | None]:
    try:
        segments = [unquote(part) for part in urlsplit(text).path.split("/") if part]
    except ValueError:
        return "", None
    # 21 is the serial number, 10 the lot (GS1). Overlapping pairs do no harm: codes and lots have
    # at least three characters.
    values = dict(pairwise(segments))
    last = segments[-1] if segments else ""
    return values.get("21", last), values.get("10")


def _clean(text: str) -> str:
    normalized = unicodedata.normalize("NFKC", text)
    return "".join(
        c for c in normalized if unicodedata.category(c) not in INVISIBLE_CATEGORIES
    ).strip()
