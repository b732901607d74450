"""Filters: declared with django-filter, strict in what they take."""

import pytest
from django_filters import ChoiceFilter

from bags.api.serializers import BagFilterSet, BatchFilterSet
from bags.filters import BagFilters
from bags.models import Area, Bag
from scans.api.serializers import ScanFilterSet, ScanStreamFilterSet
from tracetrack.api.filters import StrictBooleanFilter, StrictFilterSet, text_filter
from tracetrack.errors.http import BadField
from webhooks.api.serializers import DeliveryFilterSet


class Some(StrictFilterSet):
    """A little of everything."""

    name = text_filter(4)
    kind = ChoiceFilter(choices=[("a", "A"), ("b", "B")])
    flag = StrictBooleanFilter()

    class Meta:
        model = Area
        fields: list[str] = []


def refused(**given):
    with pytest.raises(BadField) as refusal:
        Some(given).parsed  # noqa: B018
    return refusal.value.facts


class TestFilters:
    def test_mean_what_was_given_and_nothing_else(self):
        assert Some({}).parsed == {}
        assert Some({"kind": "b"}).parsed == {"kind": "b"}
        assert Some({"flag": "false", "name": " ab "}).parsed == {"flag": False, "name": "ab"}

    @pytest.mark.parametrize("given", ["true", "True", "1", "yes", "on", "t"])
    def test_take_several_words_for_true(self, given):
        assert Some({"flag": given}).parsed == {"flag": True}

    @pytest.mark.parametrize("given", ["false", "FALSE", "0", "no", "off", "f"])
    def test_take_several_words_for_false(self, given):
        assert Some({"flag": given}).parsed == {"flag": False}

    @pytest.mark.parametrize("given", ["perhaps", "2", "null", "None", "truefalse"])
    def test_take_nothing_for_a_flag_that_is_none(self, given):
        assert refused(flag=given) == {"field": "flag", "reason": "is neither true nor false"}

    @pytest.mark.parametrize("name", ["name", "kind", "flag"])
    @pytest.mark.parametrize("given", ["", " ", "\t"])
    def test_take_nothing_that_is_empty(self, name, given):
        assert refused(**{name: given}) == {"field": name, "reason": "is empty"}

    @pytest.mark.parametrize(("name", "given"), [("name", "abcde"), ("name", "a\0"), ("kind", "c")])
    def test_name_what_they_do_not_take(self, name, given):
        facts = refused(**{name: given})

        assert facts["field"] == name
        assert facts["reason"]
        assert not facts["reason"].endswith(".")

    def test_of_one_kind_share_a_form_and_no_value(self):
        assert Some({"kind": "a"}).get_form_class() is Some({"kind": "b"}).get_form_class()
        assert Some({"kind": "a"}).parsed != Some({"kind": "b"}).parsed
        assert Some({}).get_form_class() is not BatchFilterSet({}).get_form_class()


class TestTheFiltersOfAList:
    def test_of_bags_are_the_arguments_of_what_narrows(self):
        given = {
            "kind": "child", "state": "linked", "area": "x", "batch": " lot-1", "bag_type": "y",
            "loose": "false",
        }  # fmt: skip

        meant = BagFilterSet(given).parsed

        assert set(BagFilterSet.base_filters) == set(BagFilters.__dataclass_fields__)
        assert meant["batch"] == "LOT-1"
        assert BagFilters(**meant).loose is False

    def test_each_name_a_table(self):
        for kind in (BagFilterSet, BatchFilterSet, ScanFilterSet, DeliveryFilterSet):
            assert kind._meta.model is not None
        assert BagFilterSet._meta.model is Bag

    def test_of_the_stream_of_scans_are_those_of_the_list_and_more(self):
        more = set(ScanStreamFilterSet.base_filters) - set(ScanFilterSet.base_filters)

        assert more == {"outcome"}
