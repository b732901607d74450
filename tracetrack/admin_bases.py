"""Base classes of the model admins: no unbounded counts, no edits that bypass the actions."""

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

# The paginator counts up to here. Larger lists are to be filtered instead of paged through.
MAX_COUNTED_ROWS = 2_000
# The lookups that the admin's own filter links use.
FILTER_LOOKUPS = frozenset({"exact", "id__exact", "isnull"})


@never_cache
def log_in(request: HttpRequest) -> HttpResponse:
    """Redirect to the log-in page of the site, the only one with rate limits."""
    if request.user.is_authenticated:
        if not admin.site.has_permission(request):
            raise PermissionDenied
        return redirect("admin:index")
    return redirect_to_login(request.GET.get("next") or reverse("admin:index"))


class CappedPaginator(Paginator):
    """A paginator that counts at most MAX_COUNTED_ROWS rows and offers no pages beyond."""

    @property
    def count(self) -> int:
        """The number of rows, at most MAX_COUNTED_ROWS."""
        rows = cast("QuerySet[Any]", self.object_list)
        return len(rows.values_list("pk", flat=True)[:MAX_COUNTED_ROWS])


class DeclaredFiltersAdmin(admin.ModelAdmin):
    """A model admin whose list accepts the filters in list_filter and no other lookups."""

    show_full_result_count = False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        field, _, lookup_type = lookup.partition("__")
        return field in self.list_filter and lookup_type in FILTER_LOOKUPS and "\0" not in value


class ReadOnlyAdmin(DeclaredFiltersAdmin):
    """A model admin that shows rows, and neither adds, changes nor deletes them."""

    paginator = CappedPaginator
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class NoDeleteAdmin(DeclaredFiltersAdmin):
    """A model admin that adds and changes rows but never deletes them: scans refer to them."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class CodeSearchAdmin(admin.ModelAdmin):
    """A model admin that searches by the complete code, which an index answers."""

    search_help_text = "The whole code, as printed"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (self.with_code(queryset, term) if term else queryset), False

    def with_code(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        """Return the rows with the code `term`."""
        raise NotImplementedError
