"""Property tests of the webhook filters against the rules of the documentation."""

from hypothesis import given
from hypothesis import strategies as st

from webhooks.filters import EventAttributes, matches
from webhooks.models import EventType, Webhook

AREAS, TYPES, LOTS = ["lucknow", "indore"], ["mustard", "moong"], ["LOT-1", "LOT-2"]
STEPS = ["link", "dispatch"]


def lists_of(values):
    return st.lists(st.sampled_from(values), unique=True)


webhooks = st.builds(
    Webhook,
    events=lists_of(EventType.values),
    steps=lists_of(STEPS),
    areas=lists_of(AREAS),
    bag_types=lists_of(TYPES),
    batches=lists_of(LOTS),
)
scans = st.builds(
    EventAttributes,
    kind=st.sampled_from(
        [EventType.SCAN_RECORDED, EventType.PARENT_DISPATCHED, EventType.PARENT_RECEIVED]
    ),
    step=st.sampled_from(STEPS),
    area=st.sampled_from(AREAS),
    bag_type=st.sampled_from(TYPES),
    batch=st.none() | st.sampled_from(LOTS),
)
batches = st.builds(
    EventAttributes,
    kind=st.sampled_from([EventType.BATCH_HELD, EventType.BATCH_RELEASED]),
    bag_type=st.sampled_from(TYPES),
    batch=st.sampled_from(LOTS),
)
events = scans | batches


def with_lists(webhook, **lists):
    """Return a copy of the webhook with these lists."""
    fields = ("events", "steps", "areas", "bag_types", "batches")
    return Webhook(**{name: getattr(webhook, name) for name in fields} | lists)


class TestMatches:
    @given(webhooks, events)
    def test_requires_every_list_to_match(self, webhook, event):
        conditions = [webhook.events and event.kind in webhook.events]
        if event.kind == EventType.SCAN_RECORDED:
            conditions.append(not webhook.steps or event.step in webhook.steps)
        if not event.kind.startswith("batch."):
            conditions.append(not webhook.areas or event.area in webhook.areas)
        conditions.append(not webhook.bag_types or event.bag_type in webhook.bag_types)
        conditions.append(not webhook.batches or event.batch in webhook.batches)

        assert matches(webhook, event) == all(conditions)

    @given(webhooks, events)
    def test_empty_list_filters_nothing(self, webhook, event):
        for name in ("steps", "areas", "bag_types", "batches"):
            if matches(webhook, event):
                assert matches(with_lists(webhook, **{name: []}), event)

    @given(webhooks, events)
    def test_equals_union_over_event_types(self, webhook, event):
        single = [matches(with_lists(webhook, events=[kind]), event) for kind in webhook.events]

        assert matches(webhook, event) == any(single)
