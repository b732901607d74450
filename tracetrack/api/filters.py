"""Base class and filters of the filter sets of lists (django-filter), with strict parsing."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django import forms
from django_filters import BooleanFilter, CharFilter, FilterSet
from drf_spectacular.utils import extend_schema_field

from tracetrack.errors.http import BadField

BOOLEANS = {
    **dict.fromkeys(["true", "t", "yes", "y", "on", "1"], True),
    **dict.fromkeys(["false", "f", "no", "n", "off", "0"], False),
}
_form_classes: dict[type[FilterSet], Any] = {}


class StrictBooleanField(forms.Field):
    """A boolean field that rejects unknown values; Django's own treats them as not given."""

    def to_python(self, value: Any) -> bool | None:
        if value in self.empty_values:
            return None
        boolean = BOOLEANS.get(str(value).lower())
        if boolean is None:
            raise forms.ValidationError("is neither true nor false")
        return boolean


class StrictBooleanFilter(BooleanFilter):
    """true or false."""

    field_class = StrictBooleanField


class StrictFilterSet(FilterSet):
    """A filter set that rejects invalid and empty values. It parses; it does not build queries."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)

    @cached_property
    def parsed(self) -> dict[str, Any]:
        """The parsed values of the filters that were given; raises BadField."""
        for name, text in self.data.items():
            if not text.strip():
                raise BadField(field=name, reason="is empty")
        for name, errors in self.errors.items():
            raise BadField(field=name, reason=str(errors[0]).rstrip("."))
        return {name: self.form.cleaned_data[name] for name in self.data}

    def get_form_class(self) -> Any:
        """Return the form class, built once per filter set class: building it takes long."""
        kind = type(self)
        if kind not in _form_classes:
            _form_classes[kind] = super().get_form_class()
        return _form_classes[kind]


def text_filter(
    max_length: int, filter_class: type[CharFilter] = CharFilter, **options: Any
) -> Any:
    """Return a filter by a name or code of up to `max_length` characters."""
    schema = {"type": "string", "minLength": 1, "maxLength": max_length}
    return extend_schema_field(schema)(filter_class(max_length=max_length, **options))
