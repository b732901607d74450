"""How the admin shows tables of millions: looked at, never counted, never edited past an action."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache

# Beyond this an admin narrows his question instead of turning pages.
MAX_COUNTED_ROWS = 2_000
# How the filters of the admin name one value of a field, or none.
EXACT = frozenset({"exact", "id__exact", "isnull"})


@never_cache
def log_in(request: HttpRequest) -> HttpResponse:
    """The admin has no form of its own to guess at: whoever is not signed in goes to the site's."""
    if request.user.is_authenticated:
        if not admin.site.has_permission(request):
            raise PermissionDenied
        return redirect("admin:index")
    return redirect_to_login(request.GET.get("next") or reverse("admin:index"))


class CappedPaginator(Paginator):
    """Pages over the first rows of a list; counts no further than these."""

    @property
    def count(self) -> int:
        """How many rows there are, at most `COUNTED`."""
        rows = cast("QuerySet[Any]", self.object_list)
        return len(rows.values_list("pk", flat=True)[:MAX_COUNTED_ROWS])


class DeclaredFiltersAdmin(admin.ModelAdmin):
    """A list that is narrowed by its declared filters alone, never by what an address makes up."""

    show_full_result_count = False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        field, _, how = lookup.partition("__")
        return field in self.list_filter and how in EXACT and "\0" not in value


class ReadOnlyAdmin(DeclaredFiltersAdmin):
    """A table that can be looked at, and neither be added to, changed nor emptied by hand."""

    paginator = CappedPaginator
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class NoDeleteAdmin(DeclaredFiltersAdmin):
    """A table whose rows can be added and changed, never deleted: the ledger names them."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class CodeSearchAdmin(admin.ModelAdmin):
    """Search by the whole code, as printed: the one search that needs no reading of the table."""

    search_help_text = "The whole code, as printed"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (self.with_code(queryset, term) if term else queryset), False

    def with_code(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        """The rows that the code `term` names."""
        raise NotImplementedError
