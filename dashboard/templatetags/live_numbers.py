"""Template tags for the numbers of the overview page, which overview.js updates."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.templatetags.formatting import digits

register = template.Library()


@register.simple_tag
def number(statistics: dict[str, Any], path: str) -> SafeString:
    """Return the number at `path` in `stats`, such as "bags.total"."""
    value = _value_at(statistics["stats"], path)
    return format_html('<span data-number="{}">{}</span>', path, digits(value))


@register.simple_tag
def delta(statistics: dict[str, Any], path: str) -> SafeString:
    """Return the change of the number at `path` since the end of yesterday."""
    change = _value_at(statistics["stats"], path) - _value_at(statistics["yesterday"], path)
    return _format_change(f'data-delta="{path}"', change)


@register.simple_tag
def pace(statistics: dict[str, Any]) -> SafeString:
    """Return today's scans minus yesterday's, both until the last full hour."""
    pace = statistics["pace"]
    return _format_change("data-pace", pace["today"] - pace["yesterday"])


def _value_at(groups: dict[str, Any], path: str) -> int:
    group, name = path.split(".")
    return int(groups[group][name])


def _format_change(attribute: str, change: int) -> SafeString:
    trend = "up" if change > 0 else "down" if change < 0 else "same"
    sign = {"up": "+", "down": "\N{MINUS SIGN}", "same": "±"}[trend]
    tag = f'<span class="delta" {attribute} data-trend="{{}}">{{}}</span>'
    return format_html(tag, trend, sign + digits(abs(change)))
