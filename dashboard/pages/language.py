"""The language of the pages: English or Hindi, as the device has chosen or its browser asks."""

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from dashboard.business_days import format_instant
from dashboard.labels import STATES, STEPS
from tracetrack.errors.problem import Problem

# What programs read must not change with a browser's language; the back office is English.
ENGLISH_ONLY = ("/api/", "/admin/", "/healthz")
# The reasons that a refusal names; they are words of the rules, which know no language.
REASONS = (
    _("it is a parent"),
    _("it is a child"),
    _("only a child lies in a sack"),
    _("only a child can lie in a sack"),
    _("only a parent can hold bags"),
    _("this is done to a sack, not to a child"),
    _("it is {this}, the sack takes {that}"),
    _("batch {batch} takes other bags"),
    _("there is no area {area}"),
    _("the area {area} is switched off"),
    _("is missing"),
    _("is longer than {length} characters"),
    _("has characters that no text has"),
    _("its body is not a JSON object"),
    _("This field may not be blank"),
    _("Ensure this field has at least {count} elements"),
    _("Ensure this field has no more than {count} characters"),
    _('"{value}" is not a valid choice'),
    _("is neither an address such as 10.0.0.7 nor a network such as 10.0.0.0/24"),
)
# The fields of forms, as the forms call them.
FIELDS = {
    "name": _("Name"),
    "scopes": _("What it may do"),
    "networks": _("Networks"),
    "area": _("Area"),
    "period": _("Period"),
    "code": _("Code"),
    "station": _("Station"),
    "parent_code": _("Parent"),
}
# What Django itself says, and has no Hindi for.
OF_DJANGO = (_("The two password fields didn\u2019t match."),)
MOMENTS = ("held_at", "scanned_at", "since", "at")


class LanguageMiddleware(LocaleMiddleware):
    """Pages speak the language of who looks at them; the API and the back office speak English."""

    def process_request(self, request: HttpRequest) -> None:
        if request.path_info.startswith(ENGLISH_ONLY):
            translation.activate(settings.LANGUAGES[0][0])
            request.LANGUAGE_CODE = translation.get_language() or ""
        else:
            super().process_request(request)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if request.path_info.startswith(ENGLISH_ONLY):
            return response
        return super().process_response(request, response)


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """/language: remember on this device which language the pages speak; open to anyone."""
    return set_language(request)


def sentence(problem: Problem) -> str:
    """What was refused, in the language of the page."""
    facts = {name: _fact(name, value) for name, value in problem.facts.items()}
    return gettext(problem.detail).format(**facts)


def remedy(problem: Problem) -> str:
    """What can be done about it, in the language of the page."""
    return gettext(problem.remedy) if problem.remedy else ""


def reasons() -> list[dict[str, str]]:
    """For scripts: what a reason looks like, and what it is in the language of the page."""
    return [{"pattern": _pattern(known, "(?<"), "text": gettext(known)} for known in REASONS]


def _fact(name: str, value: Any) -> Any:
    """A fact of a problem as people read it."""
    if name in MOMENTS and (moment := parse_datetime(str(value))):
        return format_instant(moment)
    return FACTS[name](str(value)) if name in FACTS else value


def _step(text: str) -> str:
    """A step, perhaps with the number of a scan behind it."""
    step, space, number = text.partition(" ")
    return f"{STEPS[step].label if step in STEPS else step}{space}{number}"


def _reason(reason: str) -> str:
    for known in REASONS:
        if found := re.fullmatch(_pattern(known, "(?P<"), reason):
            return gettext(known).format(**found.groupdict())
    return reason


def _pattern(known: str, opening: str) -> str:
    parts = re.split(r"\{(\w+)\}", known)
    places = [f"{opening}{name}>.+)" for name in parts[1::2]]
    texts = [re.sub(r"[.()]", r"\\\g<0>", text) for text in parts[::2]]
    return "".join(sum(zip(texts, [*places, ""], strict=True), ()))


FACTS: dict[str, Callable[[str], str]] = {
    "state": lambda state: str(STATES[state].label) if state in STATES else state,
    "field": lambda field: gettext(FIELDS.get(field, field)),
    "step": _step,
    "later": _step,
    "reason": _reason,
}
