"""Errors of the webhook endpoints."""

from tracetrack.errors.problem import Problem


class WebhookUrlNotAllowed(Problem):
    status, code = 400, "webhook-address"
    title = "This URL is not allowed."
    detail = "The URL {url} is not allowed: it {reason}."
    remedy = "Use an https:// URL that can be reached from the public internet."


class TooManyWebhooks(Problem):
    status, code = 409, "too-many-webhooks"
    title = "The account has reached the maximum number of webhooks."
    detail = "This account already has {limit} webhooks."
    remedy = "End a webhook that is no longer needed."


class DeliveryPending(Problem):
    status, code = 409, "delivery-waits"
    title = "The delivery is still waiting to be sent."
    detail = "Delivery {delivery} is still waiting to be sent."
    remedy = "Wait until it is delivered or given up. If the webhook is paused, resume it first."
