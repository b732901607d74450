"""The description of the API says what webhooks are sent: all of it, and as it comes."""

import json

import pytest

from bags.actions import hold_batch, release_batch
from tests.api.test_openapi import DOCUMENT, faults
from tests.factories import child_codes, make_batch, make_user, put_in_batch, scan
from tests.webhook_helpers import make_webhook
from webhooks.actions import send_test
from webhooks.delivery import _headers as headers_of
from webhooks.matching import match
from webhooks.models import TEST, Event, Happening

URL = "https://erp.example/hook"
NAMES = [*sorted(Happening.values), TEST]
TOLD = DOCUMENT["webhooks"]


def body_of(name):
    return TOLD[name]["post"]["requestBody"]["content"]["application/json"]


@pytest.fixture
def told(ines):
    """What was sent of everything that can happen, by the name of the event."""
    ben = make_user("ben", "office")
    batch = make_batch("LOT-1")
    webhook = make_webhook(ines, URL)
    for code in child_codes("SB10001", 2):
        scan(ben, "link", code, "SB10001")
    put_in_batch(batch, "SB10001")
    scan(ben, "complete", "SB10001")
    scan(ben, "dispatch", "SB10001", area="indore")
    scan(ben, "receive", "SB10001", area="indore")
    last = scan(ben, "inspect", "SB10001", area="indore", note="wet", station="gate 1").scan
    scan(ben, "undo", "SB10001", area="indore", undoes=last.pk)
    hold_batch(actor=ben, code="LOT-1", reason="damp")
    release_batch(actor=ben, code="LOT-1")
    match()
    send_test(webhook=webhook)
    found = {}
    for event in Event.objects.order_by("id"):
        found.setdefault(event.kind, []).append(json.loads(event.body))
    return found


class TestTheDescription:
    def test_has_every_event_and_no_other(self):
        assert sorted(TOLD) == NAMES

    @pytest.mark.parametrize("name", NAMES)
    def test_has_an_example_that_fits(self, name):
        body = body_of(name)

        assert faults(body["schema"], body["example"]) == []
        assert body["example"]["type"] == name

    @pytest.mark.parametrize("name", NAMES)
    def test_fits_what_is_sent(self, told, name):
        assert told[name]
        for body in told[name]:
            assert faults(body_of(name)["schema"], body) == []

    @pytest.mark.parametrize("name", NAMES)
    def test_says_no_more_than_what_is_sent(self, told, name):
        example = body_of(name)["example"]

        for body in told[name]:
            assert set(body["data"]) == set(example["data"])

    @pytest.mark.parametrize("name", NAMES)
    def test_names_the_headers_that_are_sent(self, ines, name):
        delivery = send_test(webhook=make_webhook(ines, URL))

        sent = {header for header in headers_of(delivery, b"{}") if header.startswith("Trace")}

        assert {one["name"] for one in TOLD[name]["post"]["parameters"]} == sent

    def test_would_not_fit_something_else(self, told):
        for name in NAMES:
            (other,) = told[name][:1]
            assert faults(body_of(name)["schema"], other | {"more": 1})
            assert faults(body_of(name)["schema"], other | {"data": {"more": 1}})
