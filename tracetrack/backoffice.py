"""How the admin shows tables of millions: looked at, never counted, never edited past an action."""

from typing import Any, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest

# Beyond this an admin narrows his question instead of turning pages.
COUNTED = 2_000


class ShortPaginator(Paginator):
    """Pages over the first rows of a list; counts no further than these."""

    @property
    def count(self) -> int:
        """How many rows there are, at most `COUNTED`."""
        rows = cast("QuerySet[Any]", self.object_list)
        return len(rows.values_list("pk", flat=True)[:COUNTED])


class ReadOnlyAdmin(admin.ModelAdmin):
    """A table that can be looked at, and neither be added to, changed nor emptied by hand."""

    paginator = ShortPaginator
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class KeptAdmin(admin.ModelAdmin):
    """A table whose rows can be added and changed, never deleted: the ledger names them."""

    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ByCodeAdmin(admin.ModelAdmin):
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
