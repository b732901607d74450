"""Users, API tokens and idempotency keys."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property

from accounts.querysets import ApiTokenQuerySet
from accounts.roles import Role, permissions_for
from tracetrack.api.scopes import Scope


class UserManager(BaseUserManager["User"]):
    """Manager of users. Unlike Django's it has no is_superuser or is_staff: the role decides."""

    def create_user(
        self, username: str, email: str = "", password: str | None = None, **fields: Any
    ) -> "User":
        """Create a user. Without a password the account cannot sign in with one."""
        name = self.model.normalize_username(username)
        user = self.model(username=name, email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, username: str, email: str = "", password: str | None = None, **fields: Any
    ) -> "User":
        """Create a user with the role administrator, for `manage.py createsuperuser`."""
        return self.create_user(username, email, password, **fields | {"role": Role.ADMINISTRATOR})


class User(AbstractUser):
    """A person or machine with an account. Never deleted, because scans reference their user."""

    role = models.CharField(max_length=16, choices=Role, default=Role.VIEWER)
    # Permissions come from the role alone, so these fields of AbstractUser are removed.
    is_superuser = False
    groups = None  # type: ignore[assignment]
    user_permissions = None  # type: ignore[assignment]
    # The scopes of the token of this request; None for a request without a token.
    scopes: frozenset[str] | None = None

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta(AbstractUser.Meta):
        default_permissions = ("add", "change", "view")
        permissions = [
            ("view_system", "Can see the figures of the running system"),
            ("clear_cache", "Can drop cached answers"),
            ("reset_pool", "Can have all connections to the database replaced"),
            ("view_own_tokens", "Can see its own tokens"),
            ("change_own_tokens", "Can make, rotate and revoke its own tokens"),
        ]
        constraints = [
            models.CheckConstraint(name="user_role_is_known", condition=Q(role__in=Role.values)),
        ]

    @cached_property
    def area_ids(self) -> frozenset[int]:
        """Ids of the areas of which the user is a member."""
        return frozenset(self.areas.values_list("id", flat=True))

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Return whether the role, restricted by the token's scopes, has a permission.

        Object permissions are not supported: with `obj` the result is False. This skips Django's
        loop over AUTHENTICATION_BACKENDS; RoleBackend gives the same result.
        """
        return self.is_active and obj is None and perm in permissions_for(self.role, self.scopes)

    def has_role_permission(self, permission: str) -> bool:
        """Return whether the role has a permission, regardless of the token's scopes."""
        return permission in permissions_for(self.role, None)

    @property
    def is_staff(self) -> bool:  # type: ignore[override]
        """Whether the user may open the admin site."""
        return self.role == Role.ADMINISTRATOR


class ApiToken(models.Model):
    """An API token. Stores the digest and a prefix to recognize it by, never the plain text.

    Scopes, read_only and networks of a token never change; a client that needs others gets a new
    token.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=64)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=16, choices=Scope))
    read_only = models.BooleanField(default=False)
    # Networks from which the token may be used; empty: any.
    networks = ArrayField(models.CharField(max_length=43), default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        default_permissions = ("add", "change", "view")
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="api_token_digest_is_unique"),
            models.CheckConstraint(
                name="api_token_digest_is_sha256", condition=Q(digest__regex="^[0-9a-f]{64}$")
            ),
            models.CheckConstraint(
                name="api_token_scopes_are_known",
                condition=Q(scopes__contained_by=Scope.values) & Q(scopes__len__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def effective_scopes(self) -> frozenset[str]:
        """The scopes of the token; of a read-only token at most `read`."""
        return frozenset(self.scopes) & {Scope.READ} if self.read_only else frozenset(self.scopes)

    def has_ended(self, now: datetime) -> bool:
        """Return whether the token is revoked or expired."""
        return self.revoked_at is not None or bool(self.expires_at and self.expires_at <= now)


class IdempotencyKey(models.Model):
    """The Idempotency-Key of a request that changed something, and the response to it."""

    user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    # SHA-256 of method, path and body: the same key with another request is an error.
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    # Set only if the response shows a secret. The secret is not stored: it is derived again from
    # secret_seed and SECRET_KEY, and body_digest (SHA-256) shows whether the key is still the same.
    secret_seed = models.CharField(max_length=43, blank=True, db_default="")
    body_digest = models.CharField(max_length=64, blank=True, db_default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_is_used_once"),
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_by_age")]

    def __str__(self) -> str:
        return self.key
