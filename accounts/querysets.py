"""Querysets of the account models."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db.models import Q, QuerySet

if TYPE_CHECKING:
    from accounts.models import User


# QuerySet[Any]: mypy resolves only the first model of a module that is named as a string here.
class ApiTokenQuerySet(QuerySet[Any]):
    """Queries on API tokens."""

    def active(self, now: datetime) -> Self:
        """Return the tokens that are neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)

    def visible_to(self, user: "User") -> Self:
        """Return the tokens that `user` may see with their users, the newest first.

        An administrator sees every token, other users see their own.
        """
        tokens = self.select_related("user").order_by("-id")
        return tokens if user.has_perm("accounts.view_apitoken") else tokens.filter(user=user)
