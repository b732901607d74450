"""Why a webhook may be refused."""

from tracetrack.errors.problem import Problem


class WebhookAddress(Problem):
    """The address cannot be told.

    The address {url} cannot be told: it {reason}.
    """

    status, code = 400, "webhook-address"
    remedy = "Give an https:// address that the whole internet can reach."


class TooManyWebhooks(Problem):
    """The account has as many webhooks as it may.

    This account has {limit} webhooks already.
    """

    status, code = 409, "too-many-webhooks"
    remedy = "End one that is not needed any more."


class DeliveryWaits(Problem):
    """The delivery is still on its way.

    Delivery {delivery} is still on its way.
    """

    status, code = 409, "delivery-waits"
    remedy = "Wait until it is delivered or given up; a paused webhook must be resumed first."
