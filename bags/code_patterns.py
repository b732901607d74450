"""Patterns of codes: a safe subset of regular expressions, used by bag types."""

import logging
import re
from functools import lru_cache

from django.core.exceptions import ValidationError

logger = logging.getLogger(__name__)

MAX_PATTERN_CHARS = 128
# Each choice multiplies the time that a match can take; with three it takes milliseconds.
MAX_CHOICES = 3

PIECE = r"(?:[A-Z0-9_/-]|\\[d.]|\[(?!\^)(?:[A-Z0-9_/.-]|\\[d.-])+\])"
TIMES = r"(?:[?+*]|\{\d{1,2}(?:,\d{1,2})?\})"
RUN = rf"(?:{PIECE}{TIMES}?)+"
GROUP = rf"\((?:\?:)?{RUN}(?:\|{RUN})*\)"
PATTERN_SYNTAX = re.compile(rf"\^?(?:{PIECE}{TIMES}?|{GROUP})+\$?")
CHOICE = re.compile(r"[+*|]|(?<!\()\?|\{\d+,\d+\}")

ALLOWED = (
    "Allowed are the characters of a code (A-Z 0-9 - _ / and a point as \\.), \\d, classes such as "
    "[A-Z0-9], after one of these {5} {5,8} ? + or *, and groups such as (SB|SC) with nothing "
    f"after them; at most {MAX_CHOICES} of {{5,8}} ? + * | in total, and {MAX_PATTERN_CHARS} "
    "characters."
)


def check_pattern(text: str) -> None:
    """Raise ValidationError, with the allowed syntax, if `text` is not a valid pattern."""
    if _compile(text) is None:
        raise ValidationError(f"This pattern is not valid. {ALLOWED}", code="pattern")


def matches(pattern: str, code: str) -> bool:
    """Return whether the pattern matches the whole code; False for an invalid pattern.

    Never raises and is always fast, because rows in the database may predate check_pattern().
    """
    compiled = _compile_cached(pattern)
    return compiled is not None and compiled.fullmatch(code) is not None


@lru_cache(maxsize=256)
def _compile_cached(pattern: str) -> re.Pattern[str] | None:
    compiled = _compile(pattern)
    if compiled is None:
        logger.error("The pattern %r of a bag type is not valid: it matches no code.", pattern)
    return compiled


def _compile(text: str) -> re.Pattern[str] | None:
    # Python reserves "--" within a character class for set difference.
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
