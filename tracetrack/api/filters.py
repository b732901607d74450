"""Filters of lists, declared with django-filter: what they take, and how that is read."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django import forms
from django_filters import BooleanFilter, CharFilter, FilterSet
from drf_spectacular.utils import extend_schema_field

from tracetrack.errors.http import BadField

FLAGS = {
    **dict.fromkeys(["true", "t", "yes", "y", "on", "1"], True),
    **dict.fromkeys(["false", "f", "no", "n", "off", "0"], False),
}
_forms: dict[type[FilterSet], Any] = {}


class StrictBooleanField(forms.Field):
    """True or false; what is neither is refused, not taken for nothing."""

    def to_python(self, value: Any) -> bool | None:
        if value in self.empty_values:
            return None
        flag = FLAGS.get(str(value).lower())
        if flag is None:
            raise forms.ValidationError("is neither true nor false")
        return flag


class StrictBooleanFilter(BooleanFilter):
    """true or false."""

    field_class = StrictBooleanField


class StrictFilterSet(FilterSet):
    """What a list can be narrowed by. What cannot be read is refused, and so is what is empty."""

    def __init__(self, given: Mapping[str, str]) -> None:
        super().__init__(given)

    @cached_property
    def parsed(self) -> dict[str, Any]:
        """What was given, as it was understood; raises BadField."""
        for name, text in self.data.items():
            if not text.strip():
                raise BadField(field=name, reason="is empty")
        for name, faults in self.errors.items():
            raise BadField(field=name, reason=str(faults[0]).rstrip("."))
        return {name: self.form.cleaned_data[name] for name in self.data}

    def get_form_class(self) -> Any:
        """The form of this kind of filters, made once."""
        kind = type(self)
        if kind not in _forms:
            _forms[kind] = super().get_form_class()
        return _forms[kind]


def text_filter(longest: int, kind: type[CharFilter] = CharFilter, **more: Any) -> Any:
    """A filter by a name or a code."""
    shape = {"type": "string", "minLength": 1, "maxLength": longest}
    return extend_schema_field(shape)(kind(max_length=longest, **more))
