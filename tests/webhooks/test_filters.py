"""What a webhook takes, compared with what its docs say, for events and filters of every kind."""

from hypothesis import given
from hypothesis import strategies as st

from webhooks.filters import Traits, takes
from webhooks.models import Happening, Webhook

AREAS, TYPES, LOTS = ["lucknow", "indore"], ["mustard", "moong"], ["LOT-1", "LOT-2"]
STEPS = ["link", "dispatch"]


def some(values):
    return st.lists(st.sampled_from(values), unique=True)


webhooks = st.builds(
    Webhook,
    events=some(Happening.values),
    steps=some(STEPS),
    areas=some(AREAS),
    bag_types=some(TYPES),
    batches=some(LOTS),
)
scans = st.builds(
    Traits,
    kind=st.sampled_from(
        [Happening.SCAN_RECORDED, Happening.PARENT_DISPATCHED, Happening.PARENT_RECEIVED]
    ),
    step=st.sampled_from(STEPS),
    area=st.sampled_from(AREAS),
    bag_type=st.sampled_from(TYPES),
    batch=st.none() | st.sampled_from(LOTS),
)
batches = st.builds(
    Traits,
    kind=st.sampled_from([Happening.BATCH_HELD, Happening.BATCH_RELEASED]),
    bag_type=st.sampled_from(TYPES),
    batch=st.sampled_from(LOTS),
)
events = scans | batches


def blank(webhook, **lists):
    """The same webhook with these lists."""
    fields = ("events", "steps", "areas", "bag_types", "batches")
    return Webhook(**{name: getattr(webhook, name) for name in fields} | lists)


class TestAWebhook:
    @given(webhooks, events)
    def test_takes_what_every_one_of_its_lists_lets_pass(self, webhook, event):
        lists = [webhook.events and event.kind in webhook.events]
        if event.kind == Happening.SCAN_RECORDED:
            lists.append(not webhook.steps or event.step in webhook.steps)
        if not event.kind.startswith("batch."):
            lists.append(not webhook.areas or event.area in webhook.areas)
        lists.append(not webhook.bag_types or event.bag_type in webhook.bag_types)
        lists.append(not webhook.batches or event.batch in webhook.batches)

        assert takes(webhook, event) == all(lists)

    @given(webhooks, events)
    def test_takes_no_less_when_a_list_that_narrows_is_emptied(self, webhook, event):
        for name in ("steps", "areas", "bag_types", "batches"):
            if takes(webhook, event):
                assert takes(blank(webhook, **{name: []}), event)

    @given(webhooks, events)
    def test_takes_what_one_of_its_two_halves_takes(self, webhook, event):
        apart = [takes(blank(webhook, events=[kind]), event) for kind in webhook.events]

        assert takes(webhook, event) == any(apart)
