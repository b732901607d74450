"""The one table of who may do what: role → permissions, and what a token's scope leaves of them."""

from collections.abc import Collection
from functools import lru_cache

from django.db import models


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator", "Administrator"
    OFFICE = "office", "Office"
    OPERATOR = "operator", "Operator"
    VIEWER = "viewer", "Viewer"
    INTEGRATOR = "integrator", "Integrator"


class Scope(models.TextChoices):
    """What a token may be used for, within the rights of its user."""

    READ = "read", "Read"
    SCAN = "scan", "Scan"
    MANAGE = "manage", "Manage"


LOOK = frozenset(
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
# Who may scan for a machine may have it told of what he sees.
HOOK = frozenset({"webhooks.add_webhook", "webhooks.change_webhook", "webhooks.view_webhook"})
SCAN = LOOK | HOOK | {"scans.add_scan"}
MANAGE = SCAN | {
    "bags.view_all_areas",
    "bags.add_batch",
    "bags.change_batch",
    "bags.hold_batch",
    "scans.force_dispatch",
    "scans.undo_any_scan",
    "scans.import_sheets",
    "tracetrack.view_system",
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
    "tracetrack.clear_cache",
    "tracetrack.reset_pool",
}

PERMISSIONS: dict[str, frozenset[str]] = {
    Role.VIEWER: LOOK,
    Role.OPERATOR: SCAN,
    Role.INTEGRATOR: SCAN | {"bags.view_all_areas"},
    Role.OFFICE: MANAGE,
    Role.ADMINISTRATOR: ADMINISTER,
}

SCANNING = frozenset({"scans.add_scan", "scans.force_dispatch", "scans.undo_any_scan"})
# Says how far somebody sees, whatever he does.
BOUNDLESS = "bags.view_all_areas"


def scope_of_permission(permission: str) -> Scope:
    """The scope that a token needs for it. What nobody thought of needs the widest."""
    if permission.partition(".")[2].startswith("view_"):
        return Scope.READ
    return Scope.SCAN if permission in SCANNING else Scope.MANAGE


@lru_cache(maxsize=64)
def rights(role: str, scopes: Collection[str] | None) -> frozenset[str]:
    """What somebody of this role may do; with a token, what its scopes leave of that."""
    whole = PERMISSIONS.get(role, frozenset())
    if scopes is None:
        return whole
    return frozenset(p for p in whole if p == BOUNDLESS or scope_of_permission(p) in scopes)
