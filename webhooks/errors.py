"""Why a webhook may be refused."""

from tracetrack.errors import Problem


class WebhookAddress(Problem):
    """The address {url} cannot be told: it {reason}."""

    status, code = 400, "webhook-address"
    remedy = "Give an https:// address that the whole internet can reach."


class TooManyWebhooks(Problem):
    """This account has {limit} webhooks already."""

    status, code = 409, "too-many-webhooks"
    remedy = "End one that is not needed any more."


class DeliveryWaits(Problem):
    """Delivery {delivery} is still on its way."""

    status, code = 409, "delivery-waits"
    remedy = "Wait until it is delivered or given up; a paused webhook must be resumed first."
