"""Roles and their permissions."""

from collections.abc import Collection
from functools import lru_cache

from django.db import models

from tracetrack.api.scopes import scope_of_permission


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator", "Administrator"
    OFFICE = "office", "Office"
    OPERATOR = "operator", "Operator"
    VIEWER = "viewer", "Viewer"
    INTEGRATOR = "integrator", "Integrator"


VIEW = frozenset(
    {
        "bags.view_area",
        "bags.view_bagtype",
        "bags.view_batch",
        "bags.view_bag",
        "scans.view_scan",
        "dashboard.view_dashboard",
        "accounts.view_own_tokens",
        "accounts.change_own_tokens",
    }
)
# Every role that may scan may also own webhooks: an integrator is a system that does both.
WEBHOOKS = frozenset({"webhooks.add_webhook", "webhooks.change_webhook", "webhooks.view_webhook"})
SCAN = VIEW | WEBHOOKS | {"scans.add_scan"}
MANAGE = SCAN | {
    "bags.view_all_areas",
    "bags.add_batch",
    "bags.change_batch",
    "bags.hold_batch",
    "scans.force_dispatch",
    "scans.undo_any_scan",
    "scans.import_sheets",
    "accounts.view_system",
}
ADMINISTER = MANAGE | {
    "bags.add_area",
    "bags.change_area",
    "bags.add_bagtype",
    "bags.change_bagtype",
    "bags.change_bag",
    "accounts.add_user",
    "accounts.change_user",
    "accounts.view_user",
    "accounts.add_apitoken",
    "accounts.change_apitoken",
    "accounts.view_apitoken",
    "audit.view_auditentry",
    "webhooks.view_delivery",
    "webhooks.view_event",
    "accounts.clear_cache",
    "accounts.reset_pool",
}

PERMISSIONS: dict[str, frozenset[str]] = {
    Role.VIEWER: VIEW,
    Role.OPERATOR: SCAN,
    Role.INTEGRATOR: SCAN | {"bags.view_all_areas"},
    Role.OFFICE: MANAGE,
    Role.ADMINISTRATOR: ADMINISTER,
}

# Not restricted by scopes: it determines the visible areas and allows no operation.
SEE_ALL_AREAS = "bags.view_all_areas"


@lru_cache(maxsize=64)
def permissions_for(role: str, scopes: Collection[str] | None) -> frozenset[str]:
    """Return the permissions of a role, restricted to the scopes of a token if there is one.

    `scopes` is None for a request without a token. It must be hashable.
    """
    permissions = PERMISSIONS.get(role, frozenset())
    if scopes is None:
        return permissions
    return frozenset(
        permission
        for permission in permissions
        if permission == SEE_ALL_AREAS or scope_of_permission(permission) in scopes
    )
