"""Who works here, with which tokens, and who did what."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property

from accounts.roles import Role, Scope, rights


class Users(BaseUserManager["User"]):
    """Accounts, and how they are made."""

    def create_user(
        self, username: str, email: str = "", password: str | None = None, **fields: Any
    ) -> "User":
        """A new account; without a password nobody can sign in with one."""
        name = self.model.normalize_username(username)
        user = self.model(username=name, email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, username: str, email: str = "", password: str | None = None, **fields: Any
    ) -> "User":
        """An administrator: what he may do is in the table of roles, like everybody else's."""
        return self.create_user(username, email, password, **fields | {"role": Role.ADMINISTRATOR})


class User(AbstractUser):
    """A person or a machine that acts. Switched off, never deleted: the ledger keeps its name."""

    role = models.CharField(max_length=16, choices=Role, default=Role.VIEWER)
    # Rights come from the role alone: these columns of Django's account are left out.
    is_superuser = False
    groups = None  # type: ignore[assignment]
    user_permissions = None  # type: ignore[assignment]
    # What the token opens with which this request came; None: no token, all that the role may.
    scopes: frozenset[str] | None = None

    objects: ClassVar[Users] = Users()  # type: ignore[assignment]

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
        """Ids of the areas in which this person works; asked for once."""
        return frozenset(self.areas.values_list("id", flat=True))

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Whether the role and the token's scopes allow it; of a single object nobody asks.

        Django would go round by its list of backends, of which ours says the same.
        """
        return self.is_active and obj is None and perm in rights(self.role, self.scopes)

    @property
    def is_staff(self) -> bool:  # type: ignore[override]
        """Whether the admin is open to this account."""
        return self.role == Role.ADMINISTRATOR


class ApiToken(models.Model):
    """A key to the API. Only its hash is kept; the prefix is there to recognise it by.

    What it is good for never changes: for something else, another token is made.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=64)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=16, choices=Scope))
    read_only = models.BooleanField(default=False)
    # Where it may be used; nothing: anywhere.
    networks = ArrayField(models.CharField(max_length=43), default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

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
    def opens(self) -> frozenset[str]:
        """The scopes that count: one that is read-only reads, whatever else was written down."""
        return frozenset(self.scopes) & {Scope.READ} if self.read_only else frozenset(self.scopes)

    def has_ended(self, now: datetime) -> bool:
        """Whether it was revoked, or its time is over."""
        return self.revoked_at is not None or bool(self.expires_at and self.expires_at <= now)


class Receipt(models.Model):
    """What a request with an Idempotency-Key asked for, and the answer that it got."""

    user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    asked = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    # Where the answer showed a secret, which is not kept: what that is made of, and the whole hash.
    seed = models.CharField(max_length=43, blank=True, db_default="")
    answered = models.CharField(max_length=64, blank=True, db_default="")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="receipt_key_is_used_once"),
        ]
        indexes = [models.Index(fields=["at"], name="receipt_by_age")]

    def __str__(self) -> str:
        return self.key
