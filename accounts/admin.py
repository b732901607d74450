"""The admin site's title; users and API tokens."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.actions import save_user
from accounts.models import ApiToken, User
from accounts.tokens import revoke_token
from tracetrack.admin_bases import NoDeleteAdmin, ReadOnlyAdmin

admin.site.site_title = admin.site.site_header = "TraceTrack"
admin.site.index_title = "Back office"
# Permissions come with the role.
admin.site.unregister(Group)


@admin.register(User)
class TraceTrackUserAdmin(NoDeleteAdmin, UserAdmin):
    list_display = ("username", "first_name", "last_name", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("username", "first_name", "last_name")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Rights", {"fields": ("role", "is_active")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    add_fieldsets = (
        (None, {"fields": ("username", "role", "usable_password", "password1", "password2")}),
    )

    def save_model(self, request: Any, obj: User, form: Any, change: bool) -> None:
        save_user(actor=request.user, user=obj)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "user", "prefix", "created_at", "used_at", "expires_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("prefix__exact", "user__username__exact")
    search_help_text = "A token's prefix, or its user"
    exclude = ("digest",)
    actions = ("revoke",)

    @admin.action(description="Revoke, with the next request", permissions=["revoke"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
        assert isinstance(request.user, User)
        for token in tokens.select_related("user"):
            revoke_token(token, actor=request.user)
        self.message_user(request, "Revoked.", messages.SUCCESS)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may run the action `revoke`."""
        return request.user.has_perm("accounts.change_apitoken")
