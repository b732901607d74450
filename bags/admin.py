"""Admin of areas, bag types, batches and bags. Changes go through bags/actions.py."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import User
from bags import actions
from bags.codes import code_or_none, normalize_code
from bags.errors import BadCode
from bags.models import MAX_REASON_CHARS, Area, Bag, BagType, Batch
from tracetrack.admin_bases import CodeSearchAdmin, NoDeleteAdmin, ReadOnlyAdmin
from tracetrack.errors.problem import Problem


@admin.register(Area)
class AreaAdmin(NoDeleteAdmin):
    list_display = ("code", "name", "gln", "active")
    filter_horizontal = ("members",)
    ordering = ("code",)

    def get_readonly_fields(self, request: HttpRequest, obj: Area | None = None) -> tuple[str, ...]:
        # Sheets and devices refer to the area by its code.
        return ("code",) if obj else ()

    def save_model(self, request: Any, obj: Area, form: Any, change: bool) -> None:
        actions.save_area(actor=request.user, area=obj)

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        members = form.cleaned_data["members"]
        actions.staff_area(actor=request.user, area=form.instance, members=members)


@admin.register(BagType)
class BagTypeAdmin(NoDeleteAdmin):
    list_display = ("name", "parent_pattern", "child_pattern", "capacity", "child_weight")
    ordering = ("name",)

    def get_readonly_fields(
        self, request: HttpRequest, obj: BagType | None = None
    ) -> tuple[str, ...]:
        return ("name",) if obj else ()

    def save_model(self, request: Any, obj: BagType, form: Any, change: bool) -> None:
        actions.save_bag_type(actor=request.user, bag_type=obj)


class BatchForm(forms.ModelForm):
    """Form of a batch; normalizes the code."""

    def clean_code(self) -> str:
        text = self.cleaned_data["code"]
        code = normalize_code(text)
        if code is None:
            problem = BadCode(given=text)
            raise forms.ValidationError(f"{problem} {problem.remedy}")
        return code


class ReasonForm(ActionForm):
    """Form of admin actions, with a reason."""

    reason = forms.CharField(
        required=False, max_length=MAX_REASON_CHARS, label="Reason (for a hold)"
    )


@admin.register(Batch)
class BatchAdmin(CodeSearchAdmin, NoDeleteAdmin):
    form = BatchForm
    list_display = ("code", "product", "variety", "bag_type", "produced_on", "state", "held")
    list_filter = ("state", "held")
    list_select_related = ("bag_type",)
    search_fields = ("code",)
    ordering = ("-id",)
    readonly_fields = ("state", "held", "held_reason", "held_at", "held_by")
    actions = ("hold", "release", "close")
    action_form = ReasonForm

    def with_code(self, queryset: QuerySet[Batch], term: str) -> QuerySet[Batch]:
        return queryset.filter(code=normalize_code(term))

    def get_readonly_fields(
        self, request: HttpRequest, obj: Batch | None = None
    ) -> tuple[str, ...]:
        return (*self.readonly_fields, "code", "bag_type") if obj else self.readonly_fields

    def has_hold_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may hold, release and close batches."""
        return request.user.has_perm("bags.hold_batch")

    def save_model(self, request: Any, obj: Batch, form: Any, change: bool) -> None:
        if change:
            actions.describe_batch(actor=request.user, batch=obj)
            return
        fields = ("code", "product", "bag_type", "produced_on", "variety", "expires_on")
        content = {field: getattr(obj, field) for field in (*fields, "planned_bags", "notes")}
        batch, _ = actions.create_batch(actor=request.user, **content)
        obj.pk = batch.pk

    @admin.action(description="Put on hold", permissions=["hold"])
    def hold(self, request: HttpRequest, batches: QuerySet[Batch]) -> None:
        reason = str(request.POST.get("reason", ""))
        self._run_for_each(
            request, batches, lambda **kwargs: actions.hold_batch(reason=reason, **kwargs)
        )

    @admin.action(description="Release hold", permissions=["hold"])
    def release(self, request: HttpRequest, batches: QuerySet[Batch]) -> None:
        self._run_for_each(request, batches, actions.release_batch)

    @admin.action(description="Close permanently", permissions=["hold"])
    def close(self, request: HttpRequest, batches: QuerySet[Batch]) -> None:
        self._run_for_each(request, batches, actions.close_batch)

    def _run_for_each(
        self, request: HttpRequest, batches: QuerySet[Batch], action: Callable[..., Batch]
    ) -> None:
        assert isinstance(request.user, User)
        for code in batches.values_list("code", flat=True):
            try:
                action(actor=request.user, code=code)
            except Problem as problem:
                self.message_user(request, f"{code}: {problem}", messages.ERROR)
            else:
                self.message_user(request, f"{code}: done.", messages.SUCCESS)


@admin.register(Bag)
class BagAdmin(CodeSearchAdmin, ReadOnlyAdmin):
    """Admin of bags, read-only: bags are created and changed by scans only."""

    list_display = ("code", "kind", "state", "area", "bound_for", "parent", "batch", "child_count")
    list_select_related = ("area", "bound_for", "parent", "batch")
    list_filter = ("area",)
    search_fields = ("code",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Bag]:
        assert isinstance(request.user, User)
        return Bag.objects.visible_to(request.user)

    def with_code(self, queryset: QuerySet[Bag], term: str) -> QuerySet[Bag]:
        return queryset.filter(code=code_or_none(term))
