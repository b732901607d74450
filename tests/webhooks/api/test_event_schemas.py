"""The OpenAPI document describes every event exactly as it is sent."""

import json

import pytest

from bags.actions import hold_batch, release_batch
from tests.factories import assign_batch, child_codes, make_batch, make_user, scan
from tests.openapi_document import DOCUMENT, validation_errors
from tests.webhook_helpers import make_webhook
from webhooks.actions import send_test
from webhooks.delivery import _headers as headers_of
from webhooks.matching import match_events
from webhooks.models import TEST_EVENT, Event, EventType

URL = "https://erp.example/hook"
NAMES = [*sorted(EventType.values), TEST_EVENT]
DESCRIBED = DOCUMENT["webhooks"]


def body_of(name):
    return DESCRIBED[name]["post"]["requestBody"]["content"]["application/json"]


@pytest.fixture
def sent_bodies(ines):
    """Trigger every event; return the sent bodies by event name."""
    ben = make_user("ben", "office")
    batch = make_batch("LOT-1")
    webhook = make_webhook(ines, URL)
    for code in child_codes("SB10001", 2):
        scan(ben, "link", code, "SB10001")
    assign_batch(batch, "SB10001")
    scan(ben, "complete", "SB10001")
    scan(ben, "dispatch", "SB10001", area="indore")
    scan(ben, "receive", "SB10001", area="indore")
    last = scan(ben, "inspect", "SB10001", area="indore", note="wet", station="gate 1").scan
    scan(ben, "undo", "SB10001", area="indore", undoes=last.pk)
    hold_batch(actor=ben, code="LOT-1", reason="damp")
    release_batch(actor=ben, code="LOT-1")
    match_events()
    send_test(webhook=webhook)
    bodies = {}
    for event in Event.objects.order_by("id"):
        bodies.setdefault(event.kind, []).append(json.loads(event.body))
    return bodies


class TestDescription:
    def test_lists_exactly_all_events(self):
        assert sorted(DESCRIBED) == NAMES

    @pytest.mark.parametrize("name", NAMES)
    def test_example_matches_schema(self, name):
        body = body_of(name)

        assert validation_errors(body["schema"], body["example"]) == []
        assert body["example"]["type"] == name

    @pytest.mark.parametrize("name", NAMES)
    def test_schema_matches_sent_bodies(self, sent_bodies, name):
        assert sent_bodies[name]
        for body in sent_bodies[name]:
            assert validation_errors(body_of(name)["schema"], body) == []

    @pytest.mark.parametrize("name", NAMES)
    def test_example_has_same_keys_as_sent_bodies(self, sent_bodies, name):
        example = body_of(name)["example"]

        for body in sent_bodies[name]:
            assert set(body["data"]) == set(example["data"])

    @pytest.mark.parametrize("name", NAMES)
    def test_lists_sent_headers(self, ines, name):
        delivery = send_test(webhook=make_webhook(ines, URL))

        sent = {header for header in headers_of(delivery, b"{}") if header.startswith("Trace")}

        assert {header["name"] for header in DESCRIBED[name]["post"]["parameters"]} == sent

    def test_schema_refuses_additional_keys(self, sent_bodies):
        for name in NAMES:
            (other,) = sent_bodies[name][:1]
            assert validation_errors(body_of(name)["schema"], other | {"more": 1})
            assert validation_errors(body_of(name)["schema"], other | {"data": {"more": 1}})
