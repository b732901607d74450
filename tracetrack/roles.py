"""The one table of who may do what: role → permissions."""

from django.db import models


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator", "Administrator"
    OFFICE = "office", "Office"
    OPERATOR = "operator", "Operator"
    VIEWER = "viewer", "Viewer"
    INTEGRATOR = "integrator", "Integrator"


LOOK = frozenset(
    {
        "bags.view_area",
        "bags.view_bagtype",
        "bags.view_batch",
        "bags.view_bag",
        "scans.view_scan",
        "dashboard.view_dashboard",
    }
)
SCAN = LOOK | {"scans.add_scan"}
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
    "tracetrack.add_user",
    "tracetrack.change_user",
    "tracetrack.view_user",
    "tracetrack.add_apitoken",
    "tracetrack.change_apitoken",
    "tracetrack.view_apitoken",
    "tracetrack.view_auditentry",
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
