"""Signing in and out: one generic answer to every mistake, and an end to guessing."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django_ratelimit.core import get_usage

# A whole shift signs in from one address, so there only failures count. Of a user name every try
# counts, before it is looked at: a race of guesses is counted, too.
BY_ADDRESS = {"group": "login-address", "key": "ip", "rate": "30/5m"}
BY_NAME = {"group": "login-name", "rate": "10/5m"}


class LogIn(LoginView):
    """The log-in form; `next` is followed only within this site."""

    template_name = "registration/login.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        waiting = _waiting(request)
        if waiting:
            return self._refuse(waiting)
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        get_usage(self.request, **BY_ADDRESS, increment=True)
        return super().form_invalid(form)

    def _refuse(self, seconds: int) -> HttpResponse:
        minutes = -(-seconds // 60)
        wait = "a minute" if minutes == 1 else f"{minutes} minutes"
        form = self.get_form_class()(self.request)
        context = self.get_context_data(form=form, wait=wait)
        response = self.render_to_response(context, status=429)
        response.headers["Retry-After"] = str(seconds)
        return response


class LogOut(LogoutView):
    """POST ends the session; GET does nothing."""

    next_page = "/login"
    http_method_names = ["post", "options"]


def _waiting(request: HttpRequest) -> int:
    """For how many seconds this address or this user name must wait; 0: for none."""
    by_name = get_usage(request, **BY_NAME, key=_name, increment=True)
    by_address = get_usage(request, **BY_ADDRESS)
    waits = [
        max(1, usage["time_left"])
        for usage in (by_name, by_address)
        if usage and usage["count"] >= usage["limit"] + (usage is by_name)
    ]
    return max(waits, default=0)


def _name(group: str, request: HttpRequest) -> str:
    return request.POST.get("username", "").strip().casefold()[:150]
