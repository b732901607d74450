"""The language of the pages: English or Hindi, as the device has chosen or its browser asks."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from tracetrack.errors import Problem

# What programs read must not change with a browser's language; the back office is English.
ENGLISH_ONLY = ("/api/", "/admin/", "/healthz")


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
    return gettext(problem.title()).format(**problem.facts)


def remedy(problem: Problem) -> str:
    """What can be done about it, in the language of the page."""
    return gettext(problem.remedy) if problem.remedy else ""
