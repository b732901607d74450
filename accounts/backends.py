"""How Django asks what an account may do."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from accounts.roles import rights


class RoleBackend(ModelBackend):
    """Passwords as Django keeps them; permissions from the table above, without a query."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        return set(rights(user_obj.role, user_obj.scopes))

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return perm in self.get_all_permissions(user_obj, obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return any(perm.startswith(f"{app_label}.") for perm in self.get_all_permissions(user_obj))
