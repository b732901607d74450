"""Signing in and out: one generic answer to every mistake, and an end to guessing."""

from collections.abc import Callable
from typing import Any, TypedDict

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.utils.translation import ngettext
from django_ratelimit.core import get_usage

from tracetrack.client_ip import client_network
from tracetrack.events.notify import publish


class Limit(TypedDict):
    """What django-ratelimit counts, by what, and how much of it is allowed."""

    group: str
    key: Callable[[str, HttpRequest], str]
    rate: str


def address(group: str, request: HttpRequest) -> str:
    """Where a request comes from."""
    return client_network(request)


def name(group: str, request: HttpRequest) -> str:
    """The user name that is tried, however it is written."""
    return request.POST.get("username", "").strip().casefold()[:150]


# A whole shift signs in from one address, so there only failures count. Of a user name every try
# counts, before it is looked at: a race of guesses is counted, too.
BY_ADDRESS = Limit(group="login-address", key=address, rate="30/5m")
BY_NAME = Limit(group="login-name", key=name, rate="10/5m")


class LogIn(LoginView):
    """The log-in form; `next` is followed only within this site."""

    template_name = "registration/login.html"
    redirect_authenticated_user = True
    # A copy on somebody's own machine has demo accounts; a real one must not speak of such.
    extra_context = {"local": settings.LOCAL}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        seconds = _waiting(request)
        if seconds > 0:
            return self._refuse(seconds)
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        get_usage(self.request, **BY_ADDRESS, increment=True)
        return super().form_invalid(form)

    def _refuse(self, seconds: int) -> HttpResponse:
        minutes = -(-seconds // 60)
        wait = ngettext("a minute", "%(count)d minutes", minutes) % {"count": minutes}
        form = self.get_form_class()(self.request)
        context = self.get_context_data(form=form, wait=wait)
        response = self.render_to_response(context, status=429)
        response.headers["Retry-After"] = str(seconds)
        return response


class LogOut(LogoutView):
    """POST ends the session; GET does nothing."""

    next_page = "/login"
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        # A dashboard that is open elsewhere in the same browser must hear of it.
        publish("people")
        return response


def _waiting(request: HttpRequest) -> int:
    """For how many seconds this address or this user name must wait; 0: for none."""
    tries = get_usage(request, **BY_NAME, increment=True)
    failures = get_usage(request, **BY_ADDRESS)
    waits = [0]
    if tries and tries["count"] > tries["limit"]:
        waits.append(tries["time_left"])
    if failures and failures["count"] >= failures["limit"]:
        waits.append(failures["time_left"])
    return int(max(waits))
