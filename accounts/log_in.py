"""Log-in and log-out, with a limit on log-in attempts."""

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


class RateLimit(TypedDict):
    """Arguments of django-ratelimit's get_usage()."""

    group: str
    key: Callable[[str, HttpRequest], str]
    rate: str


def client_key(group: str, request: HttpRequest) -> str:
    """Return the network of the client."""
    return client_network(request)


def username_key(group: str, request: HttpRequest) -> str:
    """Return the submitted user name, case-folded."""
    return request.POST.get("username", "").strip().casefold()[:150]


# Per network, only failures count, because a whole shift logs in from one address. Per user name,
# every attempt counts before the password is checked, so that concurrent attempts count too.
LIMIT_BY_NETWORK = RateLimit(group="login-address", key=client_key, rate="30/5m")
LIMIT_BY_USERNAME = RateLimit(group="login-name", key=username_key, rate="10/5m")


class LogIn(LoginView):
    """The log-in page; the parameter `next` is followed only within this site."""

    template_name = "registration/login.html"
    redirect_authenticated_user = True
    # Only an installation on the user's own computer has demo accounts.
    extra_context = {"local": settings.LOCAL}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        seconds = count_attempt(request)
        if seconds > 0:
            return self._too_many_attempts(seconds)
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        get_usage(self.request, **LIMIT_BY_NETWORK, increment=True)
        return super().form_invalid(form)

    def _too_many_attempts(self, seconds: int) -> HttpResponse:
        minutes = -(-seconds // 60)
        wait = ngettext("a minute", "%(count)d minutes", minutes) % {"count": minutes}
        form = self.get_form_class()(self.request)
        context = self.get_context_data(form=form, wait=wait)
        response = self.render_to_response(context, status=429)
        response.headers["Retry-After"] = str(seconds)
        return response


class LogOut(LogoutView):
    """POST ends the session; GET is not allowed."""

    next_page = "/login"
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        # Closes the WebSockets of other tabs that use the same session.
        publish("users")
        return response


def count_attempt(request: HttpRequest) -> int:
    """Count the attempt, and return how many seconds the client must wait, or 0."""
    attempts = get_usage(request, **LIMIT_BY_USERNAME, increment=True)
    failures = get_usage(request, **LIMIT_BY_NETWORK)
    waits = [0]
    if attempts and attempts["count"] > attempts["limit"]:
        waits.append(attempts["time_left"])
    if failures and failures["count"] >= failures["limit"]:
        waits.append(failures["time_left"])
    return int(max(waits))
