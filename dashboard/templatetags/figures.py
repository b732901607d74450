"""Numbers that the dashboard's script goes on changing, and how they differ from yesterday's."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.templatetags.tt import digits

register = template.Library()


@register.simple_tag
def number(numbers: dict[str, Any], path: str) -> SafeString:
    """One of `stats`, such as "bags.total"."""
    return format_html(
        '<span data-number="{}">{}</span>', path, digits(_found(numbers["stats"], path))
    )


@register.simple_tag
def delta(numbers: dict[str, Any], path: str) -> SafeString:
    """By how much one of `stats` differs from what it was when yesterday ended."""
    change = _found(numbers["stats"], path) - _found(numbers["yesterday"], path)
    return _difference(f'data-delta="{path}"', change)


@register.simple_tag
def pace(numbers: dict[str, Any]) -> SafeString:
    """By how much today is ahead of yesterday, by the hours that are over."""
    return _difference("data-pace", numbers["pace"]["today"] - numbers["pace"]["yesterday"])


def _found(numbers: dict[str, Any], path: str) -> int:
    group, name = path.split(".")
    return int(numbers[group][name])


def _difference(mark: str, change: int) -> SafeString:
    way = "more" if change > 0 else "fewer" if change < 0 else "same"
    sign = {"more": "+", "fewer": "\N{MINUS SIGN}", "same": "±"}[way]
    tag = f'<span class="delta" {mark} data-way="{{}}">{{}}</span>'
    return format_html(tag, way, sign + digits(abs(change)))
