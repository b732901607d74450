"""How pages write numbers, times and signs."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils import dateformat, timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.labels import KIND_WORDS, KINDS, ROLES, SCOPES, STATES, STEPS, UNKNOWN, Sign
from dashboard.pages import language
from tracetrack.errors.problem import Problem

register = template.Library()

SPRITE = "dashboard/vendor/tabler-icons-3.51.0/sprite.svg"
SHAPES = {"full": "j M Y, H:i", "short": "j M, H:i", "clock": "H:i:s"}


@register.filter
def digits(value: object) -> str:
    """A whole number, grouped as in India: 4000000 as 40,00,000. Anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int):
        return "" if value is None else str(value)
    sign, figures = ("-" if value < 0 else ""), str(abs(value))
    head, tail = figures[:-3], figures[-3:]
    pairs: list[str] = []
    while head:
        head, pair = head[:-2], head[-2:]
        pairs.insert(0, pair)
    return sign + ",".join([*pairs, tail])


@register.filter
def kilograms(value: object) -> str:
    """A weight in kg without idle zeros: 30.000 as 30 kg."""
    text = str(value)
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} kg"


@register.filter
def percent(share: float | None) -> str:
    """A share as a whole number of hundredths: 0.256 as 26 %; nothing as a dash."""
    return "-" if share is None else f"{share * 100:.0f} %"


@register.filter
def day(value: str | date, shape: str) -> str:
    """A day, "full" with its week day, or "short"."""
    when = date.fromisoformat(value) if isinstance(value, str) else value
    return dateformat.format(when, "D, j M Y" if shape == "full" else "j M")


@register.simple_tag
def moment(value: str | datetime | None, shape: str = "full") -> str:
    """An instant as a <time>: in the business zone here, in the viewer's own by frame.js."""
    instant = parse_datetime(value) if isinstance(value, str) else value
    if instant is None:
        return format_html('<time datetime="" data-shape="{}"></time>', shape)
    zone = ZoneInfo(settings.BUSINESS_TIME_ZONE)
    there, today = instant.astimezone(zone), timezone.now().astimezone(zone).date()
    # A bare clock says enough on its own day only.
    shown = "short" if shape == "clock" and there.date() != today else shape
    tag = '<time datetime="{}" data-shape="{}">{}</time>'
    return format_html(tag, instant.isoformat(), shape, dateformat.format(there, SHAPES[shown]))


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of the sprite, for the eye only."""
    tag = '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>'
    return format_html(tag, sprite(), name)


@register.simple_tag
def sprite() -> str:
    """Where the icons lie: on this very site, since browsers take a <use> from nowhere else."""
    return static(SPRITE).removeprefix(settings.STATIC_CDN)


@register.simple_tag
def bar(value: float | None, highest: float | None) -> SafeString:
    """A bar that is as full as `value` is of `highest`; the number itself stands beside it."""
    share = min(100.0, 100 * (value or 0) / highest) if highest else 0.0
    tag = '<svg class="bar" aria-hidden="true"><rect width="{}%" height="100%"></rect></svg>'
    return format_html(tag, f"{share:.1f}")


@register.simple_tag
def badge(value: str, size: str = "") -> SafeString:
    """A state or a kind as a badge: colour, sign and word."""
    sign = STATES.get(value) or KINDS.get(value) or UNKNOWN
    tag = '<span class="badge-tt tone-{} {}">{}{}</span>'
    return format_html(tag, sign.tone, size and f"badge-{size}", icon(sign.icon), sign.label)


@register.filter
def step_sign(step: str) -> Sign:
    """The sign of a step."""
    return STEPS.get(step, UNKNOWN)


@register.filter
def kind_name(kind: str) -> str:
    """A bag's kind in one word."""
    return str(KIND_WORDS.get(kind, kind))


@register.filter
def role_name(role: str) -> str:
    """A role as people call it."""
    return str(ROLES.get(role, role))


@register.filter
def named(code: str, names: Mapping[str, str]) -> str:
    """What this code is called: `area|named:area_names`."""
    return names.get(code, code)


@register.filter
def scope_name(scope: str) -> str:
    """What a token may be used for, in one word."""
    return str(SCOPES.get(scope, scope))


@register.filter
def bags_of(area: dict[str, Any] | None) -> int:
    """How many bags of both kinds an area has."""
    return area["parents"] + area["children"] if area else 0


@register.filter
def highest(rows: list[dict[str, Any]], names: str) -> int:
    """The highest sum of these fields over the rows: `rows|highest:"parents,children"`."""
    return max((sum(row[name] for name in names.split(",")) for row in rows), default=0)


@register.simple_tag
def months() -> str:
    """The twelve short names of months, for the scripts."""
    return " ".join(str(dateformat.format(date(2000, n, 1), "M")) for n in range(1, 13))


@register.filter
def sentence(problem: Problem) -> str:
    """What was refused, in the viewer's language."""
    return language.sentence(problem)


@register.filter
def remedy(problem: Problem) -> str:
    """What can be done about it, in the viewer's language."""
    return language.remedy(problem)


@register.simple_tag
def business_zone() -> str:
    """The name of the zone whose days are counted."""
    return str(settings.BUSINESS_TIME_ZONE)
