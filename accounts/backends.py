"""The authentication backend: passwords, and permissions from the role."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from accounts.roles import permissions_for


class RoleBackend(ModelBackend):
    """Check passwords as Django does; take permissions from accounts.roles, without a query."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        return set(permissions_for(user_obj.role, user_obj.scopes))

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return perm in self.get_all_permissions(user_obj, obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return any(perm.startswith(f"{app_label}.") for perm in self.get_all_permissions(user_obj))
