"""The small language in which a bag type says what its codes look like."""

import logging
import re
from functools import lru_cache

from django.core.exceptions import ValidationError

logger = logging.getLogger(__name__)

MAX_PATTERN_CHARS = 128
# Every choice multiplies the ways in which a code can fail to fit; three end within milliseconds.
MAX_CHOICES = 3

PIECE = r"(?:[A-Z0-9_/-]|\\[d.]|\[(?!\^)(?:[A-Z0-9_/.-]|\\[d.-])+\])"
TIMES = r"(?:[?+*]|\{\d{1,2}(?:,\d{1,2})?\})"
RUN = rf"(?:{PIECE}{TIMES}?)+"
GROUP = rf"\((?:\?:)?{RUN}(?:\|{RUN})*\)"
PATTERN_SYNTAX = re.compile(rf"\^?(?:{PIECE}{TIMES}?|{GROUP})+\$?")
CHOICE = re.compile(r"[+*|]|(?<!\()\?|\{\d+,\d+\}")

ALLOWED = (
    "Allowed are the signs of a code (A-Z 0-9 - _ / and a point as \\.), \\d, classes such as "
    "[A-Z0-9], after one of these {5} {5,8} ? + or *, and groups such as (SB|SC) with nothing "
    f"after them; at most {MAX_CHOICES} of {{5,8}} ? + * | in all, and {MAX_PATTERN_CHARS} "
    "characters."
)


def check_pattern(text: str) -> None:
    """Raise ValidationError, which says what is allowed, where `text` is no pattern for codes."""
    if _compiled(text) is None:
        raise ValidationError(f"This pattern cannot be used. {ALLOWED}", code="pattern")


def matches(pattern: str, code: str) -> bool:
    """Whether `code` as a whole is what `pattern` describes; nothing fits one that cannot be read.

    Never raises, and never takes long: whatever stands in the database was perhaps never checked.
    """
    known = _readable(pattern)
    return known is not None and known.fullmatch(code) is not None


@lru_cache(maxsize=256)
def _readable(pattern: str) -> re.Pattern[str] | None:
    known = _compiled(pattern)
    if known is None:
        logger.error("The pattern %r of a bag type cannot be used: no code fits it.", pattern)
    return known


def _compiled(text: str) -> re.Pattern[str] | None:
    # Two hyphens in a class are another language to come (a difference of sets).
    if (
        len(text) > MAX_PATTERN_CHARS
        or not PATTERN_SYNTAX.fullmatch(text)
        or re.search(r"\[[^]]*--", text)
    ):
        return None
    if len(CHOICE.findall(text)) > MAX_CHOICES:
        return None
    try:
        return re.compile(text)
    except re.error:
        return None
