"""The language of the pages: English or Hindi, chosen by the user or else by the browser."""

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
from dashboard.labels import STATES, STEP_LABELS
from tracetrack.errors.problem import Message, Problem

# API responses do not depend on the language of the browser; the admin is in English only.
ENGLISH_PATHS = ("/api/", "/admin/", "/healthz")
FIELD_LABELS = {
    "area": _("Area"),
    "period": _("Period"),
    "code": _("Code"),
    "station": _("Station"),
    "parent_code": _("Sack"),
    "note": _("Reason"),
    "reason": _("Reason"),
}
# Messages of Django that its own Hindi catalogue lacks, and the short names of months.
DJANGO_MESSAGES = (
    _("The two password fields didn\u2019t match."),
    _("jan"), _("feb"), _("mar"), _("apr"), _("may"), _("jun"),
    _("jul"), _("aug"), _("sep"), _("oct"), _("nov"), _("dec"),
)  # fmt: skip
TIME_FACTS = ("held_at", "scanned_at", "since", "at")


class LanguageMiddleware(LocaleMiddleware):
    """Activates the language of the user on pages, and English for the API and the admin."""

    def process_request(self, request: HttpRequest) -> None:
        if request.path_info.startswith(ENGLISH_PATHS):
            translation.activate(settings.LANGUAGES[0][0])
            request.LANGUAGE_CODE = translation.get_language() or ""
        else:
            super().process_request(request)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if request.path_info.startswith(ENGLISH_PATHS):
            return response
        return super().process_response(request, response)


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """/language: store the language of the pages in a cookie; also for anonymous users."""
    return set_language(request)


def problem_text(problem: Problem) -> str:
    """Return the detail and the remedy of `problem` in the active language."""
    return f"{problem_detail(problem)} {problem_remedy(problem)}"


def problem_detail(problem: Problem) -> str:
    """Return the detail of `problem` in the active language."""
    facts = {name: _translate_fact(name, value) for name, value in problem.facts.items()}
    return gettext(problem.message_id).format(**facts)


def problem_remedy(problem: Problem) -> str:
    """Return the remedy of `problem` in the active language; empty if it has none."""
    return gettext(problem.remedy) if problem.remedy else ""


def _translate_fact(name: str, value: Any) -> Any:
    if isinstance(value, Message):
        return value.translated()
    if name in TIME_FACTS and (instant := parse_datetime(str(value))):
        return format_instant(instant)
    return FACT_LABELS[name](str(value)) if name in FACT_LABELS else value


def _step_label(text: str) -> str:
    """Return the label of a step; `text` may have the id of a scan after the step."""
    step, space, scan_id = text.partition(" ")
    return f"{STEP_LABELS[step].text if step in STEP_LABELS else step}{space}{scan_id}"


FACT_LABELS: dict[str, Callable[[str], str]] = {
    "state": lambda state: str(STATES[state].text) if state in STATES else state,
    "field": lambda field: gettext(FIELD_LABELS.get(field, field)),
    "step": _step_label,
    "later": _step_label,
}
