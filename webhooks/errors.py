"""Why a webhook may be refused."""

from tracetrack.errors.problem import Problem


class WebhookAddress(Problem):
    status, code = 400, "webhook-address"
    title = "The address cannot be told."
    detail = "The address {url} cannot be told: it {reason}."
    remedy = "Give an https:// address that the whole internet can reach."


class TooManyWebhooks(Problem):
    status, code = 409, "too-many-webhooks"
    title = "The account has as many webhooks as it may."
    detail = "This account has {limit} webhooks already."
    remedy = "End one that is not needed any more."


class DeliveryWaits(Problem):
    status, code = 409, "delivery-waits"
    title = "The delivery is still on its way."
    detail = "Delivery {delivery} is still on its way."
    remedy = "Wait until it is delivered or given up; a paused webhook must be resumed first."
