"""Template tags and filters that format numbers, times, labels and icons."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils import dateformat, timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.business_days import business_day, business_time
from dashboard.labels import KINDS, ROLES, SCOPES, STATES, STEP_LABELS, UNKNOWN, Label
from dashboard.pages import language
from tracetrack.errors.problem import Problem

register = template.Library()

ICON_SPRITE = "dashboard/vendor/tabler-icons-3.51.0/sprite.svg"
TIME_FORMATS = {"full": "j M Y, H:i", "short": "j M, H:i", "clock": "H:i:s"}


@register.filter
def digits(value: object) -> str:
    """Return an integer with Indian digit grouping (40,00,000), and any other value as text."""
    if isinstance(value, bool) or not isinstance(value, int):
        return "" if value is None else str(value)
    sign, number = ("-" if value < 0 else ""), str(abs(value))
    head, tail = number[:-3], number[-3:]
    pairs: list[str] = []
    while head:
        head, pair = head[:-2], head[-2:]
        pairs.insert(0, pair)
    return sign + ",".join([*pairs, tail])


@register.filter
def kilograms(value: object) -> str:
    """Return a weight in kg without trailing zeros: 30 kg for 30.000."""
    text = str(value)
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} kg"


@register.filter
def percent(share: float | None) -> str:
    """Return a share as whole percent: 26 % for 0.256; a hyphen for None."""
    return "-" if share is None else f"{share * 100:.0f} %"


@register.filter
def day(value: str | date, style: str) -> str:
    """Return a date, with weekday and year if `style` is "full"."""
    when = date.fromisoformat(value) if isinstance(value, str) else value
    return dateformat.format(when, "D, j M Y" if style == "full" else "j M")


@register.simple_tag
def moment(value: str | datetime | None, style: str = "full") -> str:
    """Return a <time> element in the business time zone; page.js converts it to the user's zone.

    style: one of TIME_FORMATS. Empty for None, for templates that a script fills in.
    """
    instant = parse_datetime(value) if isinstance(value, str) else value
    if instant is None:
        return format_html('<time datetime="" data-format="{}"></time>', style)
    local, today = business_time(instant), business_day(timezone.now())
    # A time without a date is only clear on its own day.
    effective_style = "short" if style == "clock" and local.date() != today else style
    tag = '<time datetime="{}" data-format="{}">{}</time>'
    text = dateformat.format(local, TIME_FORMATS[effective_style])
    return format_html(tag, instant.isoformat(), style, text)


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return an icon of the sprite, hidden from screen readers."""
    tag = '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>'
    return format_html(tag, sprite(), name)


@register.simple_tag
def sprite() -> str:
    """Return the URL of the icon sprite on this site; browsers load <use> from no other origin."""
    return static(ICON_SPRITE).removeprefix(settings.STATIC_CDN)


@register.simple_tag
def bar(value: float | None, maximum: float | None) -> SafeString:
    """Return a bar for `value` of `maximum`, hidden from screen readers."""
    share = min(100.0, 100 * (value or 0) / maximum) if maximum else 0.0
    tag = '<svg class="bar" aria-hidden="true"><rect width="{}%" height="100%"></rect></svg>'
    return format_html(tag, f"{share:.1f}")


@register.simple_tag
def badge(value: str, size: str = "") -> SafeString:
    """Return a state or kind as a badge with colour, icon and text."""
    label = STATES.get(value) or KINDS.get(value) or UNKNOWN
    tag = '<span class="badge-tt tone-{} {}">{}{}</span>'
    return format_html(tag, label.tone, size and f"badge-{size}", icon(label.icon), label.text)


@register.filter
def step_label(step: str) -> Label:
    """Return the label of a step."""
    return STEP_LABELS.get(step, UNKNOWN)


@register.filter
def kind_name(kind: str) -> str:
    """Return the name of a kind of bag."""
    return str(KINDS[kind].text if kind in KINDS else kind)


@register.filter
def role_name(role: str) -> str:
    """Return the name of a role."""
    return str(ROLES.get(role, role))


@register.filter
def scope_name(scope: str) -> str:
    """Return the name of a scope of a token."""
    return str(SCOPES.get(scope, scope))


@register.filter
def named(code: str, names: Mapping[str, str]) -> str:
    """Return the name of a code, or the code: `area|named:area_names`."""
    return names.get(code, code)


@register.filter
def highest(rows: list[dict[str, Any]], fields: str) -> int:
    """Return the highest sum of the comma-separated `fields` over the rows."""
    names = fields.split(",")
    return max((sum(row[name] for name in names) for row in rows), default=0)


@register.simple_tag
def months() -> str:
    """Return the short names of the months in the active language, separated by spaces."""
    return " ".join(str(dateformat.format(date(2000, n, 1), "M")) for n in range(1, 13))


@register.filter
def problem_detail(problem: Problem) -> str:
    """Return the detail of a problem in the active language."""
    return language.problem_detail(problem)


@register.filter
def problem_remedy(problem: Problem) -> str:
    """Return the remedy of a problem in the active language."""
    return language.problem_remedy(problem)


@register.simple_tag
def business_zone() -> str:
    """Return the name of the business time zone, such as Asia/Kolkata."""
    return str(settings.BUSINESS_TIME_ZONE)


@register.simple_tag
def business_zone_abbreviation() -> str:
    """Return the abbreviation of the business time zone, such as IST."""
    return business_time(timezone.now()).tzname() or str(settings.BUSINESS_TIME_ZONE)
