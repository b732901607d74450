"""Forms of the pages: filters in the query string, and the bodies of POST requests.

Query strings come from links and bookmarks. Their forms therefore use tolerant fields: a value that
cannot be read counts as not given.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from bags.models import MAX_REASON_CHARS
from dashboard.business_days import PERIODS
from scans.errors import TOO_LONG
from tracetrack.api.scopes import Scope
from tracetrack.errors.http import BadField
from tracetrack.text_cleaning import clean_text

MAX_FILTER_CHARS = 200
MAX_ID_DIGITS = 18
# Lifetimes of a token in days; empty: it does not expire.
TOKEN_DAYS = ("30", "90", "365", "")


class TolerantTextField(forms.CharField):
    """Text without NUL characters, cut to MAX_FILTER_CHARS."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def to_python(self, value: Any) -> str:
        return str(super().to_python((value or "").replace("\0", "")))[:MAX_FILTER_CHARS]


class TolerantIdField(forms.Field):
    """The id of a row, or None if the value is not a number."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def to_python(self, value: Any) -> int | None:
        is_id = value and value.isascii() and value.isdigit() and len(value) <= MAX_ID_DIGITS
        return int(value) if is_id else None


class TolerantChoicesField(forms.MultipleChoiceField):
    """The known values among those given, in the order of the choices."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def to_python(self, value: Any) -> list[str]:
        values = super().to_python(value)
        choices = cast(Iterable[tuple[str, Any]], self.choices)
        return [name for name, _label in choices if name in values]


def read_form(form: forms.Form) -> dict[str, Any]:
    """Return the cleaned data of `form`; raise BadField for its first error."""
    for name, errors in form.errors.items():
        raise BadField(field=name, reason=str(errors[0]).rstrip(".।"))
    return form.cleaned_data


class OverviewForm(forms.Form):
    """Filters of the overview page."""

    area = TolerantTextField()
    period = forms.ChoiceField(
        choices=[(name, name) for name in PERIODS],
        required=False,
        error_messages={"invalid_choice": _("“%(value)s” is not a valid choice")},
    )


class BagListForm(forms.Form):
    """Filters, order, columns and position of the list of bags."""

    FILTERS = ("kind", "state", "area", "batch", "bag_type")

    kind = TolerantTextField()
    state = TolerantTextField()
    area = TolerantTextField()
    batch = TolerantTextField()
    bag_type = TolerantTextField()
    loose = TolerantTextField()
    order = TolerantTextField()
    after = TolerantIdField()
    column = TolerantChoicesField()

    def __init__(self, request: HttpRequest, columns: Sequence[tuple[str, Any]] = ()) -> None:
        super().__init__(request.GET)
        self.fields["column"].choices = columns  # type: ignore[attr-defined]

    def clean_loose(self) -> bool:
        return bool(self.cleaned_data["loose"] == "1")

    def clean_order(self) -> str:
        return "newest" if self.cleaned_data["order"] == "newest" else ""


class PageForm(forms.Form):
    """Position in a list or timeline: the id of the row before or after the page."""

    before = TolerantIdField()
    after = TolerantIdField()


class SearchForm(forms.Form):
    """Text to search for."""

    q = TolerantTextField()


class ReportForm(forms.Form):
    """Period and area of a report."""

    first = TolerantTextField()
    last = TolerantTextField()
    area = TolerantTextField()


class UndoForm(forms.Form):
    """Undo of a scan."""

    scan = TolerantIdField()
    reason = forms.CharField(required=False, strip=False)


class HoldForm(forms.Form):
    """Hold on a batch."""

    reason = forms.CharField(
        required=False,
        max_length=MAX_REASON_CHARS,
        error_messages={"max_length": format_lazy(_(TOO_LONG), length=MAX_REASON_CHARS)},
    )


class TokenForm(forms.Form):
    """A new API token of the user."""

    name = forms.CharField(label=_("Name"), max_length=64)
    scopes = forms.MultipleChoiceField(
        label=_("Permissions"),
        choices=Scope.choices,
        error_messages={"invalid_choice": _("“%(value)s” is not a valid choice")},
    )
    read_only = forms.BooleanField(required=False)
    networks = forms.CharField(label=_("Networks"), max_length=1000, required=False)
    days = forms.ChoiceField(choices=[(days, days) for days in TOKEN_DAYS], required=False)

    def clean_name(self) -> str:
        if name := clean_text(self.cleaned_data["name"]):
            return name
        raise ValidationError(self.fields["name"].error_messages["required"], code="required")

    def clean_networks(self) -> list[str]:
        """Return the addresses and networks, which are separated by spaces or commas."""
        texts = self.cleaned_data["networks"].replace(",", " ").split()
        try:
            return sorted({str(ip_network(text)) for text in texts})
        except ValueError:
            raise ValidationError(
                _("is neither an address such as 10.0.0.7 nor a network such as 10.0.0.0/24")
            ) from None

    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=int(days)) if days else None
