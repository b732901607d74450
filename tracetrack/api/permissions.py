"""Permission checks of API requests."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tracetrack.api.scopes import scope_of_permission
from tracetrack.errors.problem import Forbidden, NotSignedIn, ScopeMissing


class HasModelPermission(BasePermission):
    """Require the permission that `view.permissions` names for the method of the request.

    `permissions = {"GET": "bags.view_bag"}`; None instead of a permission opens the method to
    anyone. Such a method must work without the database, so it does not look up the user.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return True; raises NotSignedIn, ScopeMissing or Forbidden."""
        permission = view.required_permission(request.method)
        if permission is not None:
            check_permission(request.user, permission)
        return True


def check_permission(user: Any, permission: str) -> None:
    """Raise NotSignedIn, ScopeMissing or Forbidden if the user does not have the permission.

    ScopeMissing means that the user has it, but the scopes of their token do not include it.
    """
    if not user.is_authenticated:
        raise NotSignedIn
    if user.has_perm(permission):
        return
    if user.has_role_permission(permission):
        raise ScopeMissing(scope=scope_of_permission(permission).value, opens=sorted(user.scopes))
    raise Forbidden(permission=permission)
