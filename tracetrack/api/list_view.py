"""ListView: a list in pages, with filters, order, selected fields and, if known, a total."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import orjson
from django.http import HttpResponse
from rest_framework import serializers

from tracetrack import cache
from tracetrack.api import cursors
from tracetrack.api.pagination import Page, Position
from tracetrack.api.view import ApiView, json_response

if TYPE_CHECKING:
    from accounts.models import User

RowJson = dict[str, Any]
# Returns the total for a user and parsed filters, None if it is not known.
Counter = Callable[["User", dict[str, Any]], int | None]
MAX_ROWS_PER_PAGE = 500


class PageParams(serializers.Serializer[Any]):
    """Query parameters of every list; subclasses add `order`."""

    per_page = serializers.IntegerField(min_value=1, max_value=MAX_ROWS_PER_PAGE, default=100)
    cursor = serializers.CharField(default=None)


def unknown_total(user: "User", filters: dict[str, Any]) -> None:
    """Return no total: counting would read all rows."""


class ListView(ApiView):
    """An endpoint whose GET returns a list in pages.

    `parameters` is a subclass of PageParams.
    """

    # Identifies the list in its cursors.
    list_name: ClassVar[str] = ""
    # Set by as_view(count=…) in api_urls.py, because the counters are in a package above.
    count: Counter = staticmethod(unknown_total)

    def page(
        self,
        paginate: Callable[..., Page],
        serialize: Callable[[Any], RowJson],
        *,
        visibility: str = "all",
    ) -> HttpResponse:
        """Return one page of the list.

        paginate: returns a Page for keyword arguments `order`, `at` and `limit`.
        serialize: returns a row as JSON with the selected fields.
        visibility: a text that is equal for users who see the same rows.
        """
        return json_response(self._page_json(paginate, serialize, visibility))

    def cached_page(
        self,
        paginate: Callable[..., Page],
        serialize: Callable[[Any], RowJson],
        *,
        visibility: str,
        namespace: str,
    ) -> HttpResponse:
        """Return a page as page() does, cached in `namespace` for users who see the same rows."""
        key = cache.key(
            self.request.path,
            visibility=visibility,
            fields=self.requested_fields,
            **{"filter " + name: value for name, value in self.filters.items()},
            **self.params,
        )
        body = cache.cached(
            namespace, key, lambda: self._page_json(paginate, serialize, visibility)
        )
        return json_response(body)

    def _page_json(
        self,
        paginate: Callable[..., Page],
        serialize: Callable[[Any], RowJson],
        visibility: str,
    ) -> bytes:
        order = self.params["order"]
        list_key: dict[str, Any] = {
            "list_name": self.list_name,
            "visibility": visibility,
            "filters": self.filters | {"order": order},
        }
        cursor = self.params["cursor"]
        at: Position | None = cursors.read_page_cursor(cursor, **list_key) if cursor else None
        page = paginate(order=order, at=at, limit=self.params["per_page"])
        body: RowJson = {"results": [serialize(row) for row in page.rows]}
        body |= cursors.page_links(self.request, page, **list_key)
        is_complete = at is None and page.next is None
        total = len(page.rows) if is_complete else self.count(self.actor, self.filters)
        return orjson.dumps(body if total is None else body | {"total": total})
