"""Strict filter sets based on django-filter."""

import pytest
from django_filters import ChoiceFilter

from bags.api.serializers import BagFilterSet, BatchFilterSet
from bags.filters import BagFilters
from bags.models import Area, Bag
from scans.api.serializers import ScanFilterSet, ScanStreamFilterSet
from tracetrack.api.filters import StrictBooleanFilter, StrictFilterSet, text_filter
from tracetrack.errors.http import BadField
from webhooks.api.serializers import DeliveryFilterSet


class ExampleFilterSet(StrictFilterSet):
    """A filter set with one filter of each kind."""

    name = text_filter(4)
    kind = ChoiceFilter(choices=[("a", "A"), ("b", "B")])
    flag = StrictBooleanFilter()

    class Meta:
        model = Area
        fields: list[str] = []


def refused(**filters):
    with pytest.raises(BadField) as refusal:
        ExampleFilterSet(filters).parsed  # noqa: B018
    return refusal.value.facts


class TestStrictFilterSet:
    def test_parses_the_given_values_only(self):
        assert ExampleFilterSet({}).parsed == {}
        assert ExampleFilterSet({"kind": "b"}).parsed == {"kind": "b"}
        assert ExampleFilterSet({"flag": "false", "name": " ab "}).parsed == {
            "flag": False,
            "name": "ab",
        }

    @pytest.mark.parametrize("value", ["true", "True", "1", "yes", "on", "t"])
    def test_accepts_several_words_for_true(self, value):
        assert ExampleFilterSet({"flag": value}).parsed == {"flag": True}

    @pytest.mark.parametrize("value", ["false", "FALSE", "0", "no", "off", "f"])
    def test_accepts_several_words_for_false(self, value):
        assert ExampleFilterSet({"flag": value}).parsed == {"flag": False}

    @pytest.mark.parametrize("value", ["perhaps", "2", "null", "None", "truefalse"])
    def test_rejects_other_words_for_a_boolean(self, value):
        assert refused(flag=value) == {"field": "flag", "reason": "is neither true nor false"}

    @pytest.mark.parametrize("name", ["name", "kind", "flag"])
    @pytest.mark.parametrize("value", ["", " ", "\t"])
    def test_rejects_empty_values(self, name, value):
        assert refused(**{name: value}) == {"field": name, "reason": "is empty"}

    @pytest.mark.parametrize(("name", "value"), [("name", "abcde"), ("name", "a\0"), ("kind", "c")])
    def test_names_the_invalid_filter(self, name, value):
        facts = refused(**{name: value})

        assert facts["field"] == name
        assert facts["reason"]
        assert not facts["reason"].endswith(".")

    def test_instances_share_a_form_class_but_no_values(self):
        assert (
            ExampleFilterSet({"kind": "a"}).get_form_class()
            is ExampleFilterSet({"kind": "b"}).get_form_class()
        )
        assert ExampleFilterSet({"kind": "a"}).parsed != ExampleFilterSet({"kind": "b"}).parsed
        assert ExampleFilterSet({}).get_form_class() is not BatchFilterSet({}).get_form_class()


class TestFilterSets:
    def test_of_bags_equals_the_arguments_of_bag_filters(self):
        query = {
            "kind": "child", "state": "linked", "area": "x", "batch": " lot-1", "bag_type": "y",
            "loose": "false",
        }  # fmt: skip

        parsed = BagFilterSet(query).parsed

        assert set(BagFilterSet.base_filters) == set(BagFilters.__dataclass_fields__)
        assert parsed["batch"] == "LOT-1"
        assert BagFilters(**parsed).loose is False

    def test_have_a_model(self):
        for kind in (BagFilterSet, BatchFilterSet, ScanFilterSet, DeliveryFilterSet):
            assert kind._meta.model is not None
        assert BagFilterSet._meta.model is Bag

    def test_of_the_scan_export_extends_that_of_the_list(self):
        more = set(ScanStreamFilterSet.base_filters) - set(ScanFilterSet.base_filters)

        assert more == {"outcome"}
