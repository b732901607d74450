"""The endpoints of the API, and the status that each role gets from each."""

from django.urls import URLPattern, get_resolver

from tests.api_fixtures import ROLES
from tracetrack.api.view import ApiView

# anonymous, viewer, operator, office, administrator, integrator
VIEW = (401, 200, 200, 200, 200, 200)
SCAN = (401, 403, 201, 201, 201, 201)
MANAGE = (401, 403, 403, 200, 200, 403)
ADMINISTER = (401, 403, 403, 403, 200, 403)
WEBHOOK = (401, 403, 200, 200, 200, 200)
ACCEPTED = (401, 403, 202, 202, 202, 202)
STATUSES = {
    "GET health": (200, 200, 200, 200, 200, 200),
    "GET openapi.json": VIEW,
    "GET docs": VIEW,
    "GET dashboard/ultra": VIEW,
    "POST batch/stats": VIEW,
    "POST cache/clear": ADMINISTER,
    "POST pool/reset": ADMINISTER,
    "GET users/me": VIEW,
    "GET users/me/stats": VIEW,
    "GET tokens": VIEW,
    "POST tokens": (401, 201, 201, 201, 201, 201),
    "GET tokens/<int:token>": VIEW,
    "POST tokens/<int:token>/rotate": (401, 201, 201, 201, 201, 201),
    "POST tokens/<int:token>/revoke": VIEW,
    "GET webhooks": WEBHOOK,
    "POST webhooks": (401, 403, 201, 201, 201, 201),
    "GET webhooks/<int:webhook>": WEBHOOK,
    "PATCH webhooks/<int:webhook>": WEBHOOK,
    "DELETE webhooks/<int:webhook>": WEBHOOK,
    "POST webhooks/<int:webhook>/rotate": (401, 403, 201, 201, 201, 201),
    "POST webhooks/<int:webhook>/test": ACCEPTED,
    "GET webhooks/<int:webhook>/deliveries": WEBHOOK,
    "POST webhooks/<int:webhook>/deliveries/<int:delivery>/replay": ACCEPTED,
    "POST graphql": VIEW,
    "GET areas": VIEW,
    "GET bag-types": VIEW,
    "GET bags": VIEW,
    "GET bags/stream": VIEW,
    "GET bags/<path:code>": VIEW,
    "GET bags/<path:code>/timeline": VIEW,
    "GET bags/<path:code>/trace": VIEW,
    "GET batches/<path:code>/recall": VIEW,
    "GET bags/<path:code>/children": VIEW,
    "GET batches": VIEW,
    "GET batches/<path:code>": VIEW,
    "POST batches": (401, 403, 403, 201, 201, 403),
    "PATCH batches/<path:code>": MANAGE,
    "POST batches/<path:code>/hold": MANAGE,
    "POST batches/<path:code>/release": MANAGE,
    "POST batches/<path:code>/close": MANAGE,
    "POST areas": (401, 403, 403, 403, 201, 403),
    "GET areas/<slug:code>": VIEW,
    "PATCH areas/<slug:code>": ADMINISTER,
    "POST bag-types": (401, 403, 403, 403, 201, 403),
    "GET bag-types/<slug:name>": VIEW,
    "PATCH bag-types/<slug:name>": ADMINISTER,
    "GET search": VIEW,
    "GET scans/stream": VIEW,
    "GET scans": VIEW,
    "POST scans/bulk": (401, 403, 200, 200, 200, 200),
    "POST scans": SCAN,
    "POST scans/<int:scan>/undo": SCAN,
}
PUBLIC = {"GET health"}


def allowed_role(name: str) -> str:
    """Return a role that may call the endpoint: an operator, who sees some areas, if possible."""
    allowed = dict(zip(ROLES, STATUSES[name], strict=True))
    return next(role for role in ("operator", "office", "administrator") if allowed[role] < 300)


def api_views() -> dict[str, type[ApiView]]:
    """Return route and view class of every URL under api/v3/."""
    found = {}
    for resolver in get_resolver().url_patterns:
        if str(resolver.pattern) == "api/v3/":
            for pattern in resolver.url_patterns:
                assert isinstance(pattern, URLPattern)
                found[str(pattern.pattern)] = pattern.callback.cls
    return found
