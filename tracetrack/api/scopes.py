"""Scopes of API tokens, and the scope that each permission requires."""

from django.db import models


class Scope(models.TextChoices):
    """Restricts an API token to a part of its user's permissions."""

    READ = "read", "Read"
    SCAN = "scan", "Scan"
    MANAGE = "manage", "Manage"


SCAN_PERMISSIONS = frozenset({"scans.add_scan", "scans.force_dispatch", "scans.undo_any_scan"})


def scope_of_permission(permission: str) -> Scope:
    """Return the scope that a token needs for a permission; Scope.MANAGE if none is assigned."""
    if permission.partition(".")[2].startswith("view_"):
        return Scope.READ
    return Scope.SCAN if permission in SCAN_PERMISSIONS else Scope.MANAGE
