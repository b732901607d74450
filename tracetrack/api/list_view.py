"""ListView: a list in pages, narrowed, ordered, counted, with the fields that were asked for."""

from collections.abc import Callable
from typing import Any, ClassVar

import orjson
from django.http import HttpResponse
from rest_framework import serializers

from accounts.models import User
from tracetrack import cache
from tracetrack.api import cursors
from tracetrack.api.pagination import Page, Position
from tracetrack.api.view import ApiView, json_response

Row = dict[str, Any]
Count = Callable[[User, dict[str, Any]], int | None]
MAX_ROWS_PER_PAGE = 500


class PageParams(serializers.Serializer[Any]):
    """How many rows a page has, and where the list goes on."""

    per_page = serializers.IntegerField(min_value=1, max_value=MAX_ROWS_PER_PAGE, default=100)
    cursor = serializers.CharField(default=None)


def uncounted(user: User, filters: dict[str, Any]) -> None:
    """Nobody knows how many there are without reading them."""


class ListView(ApiView):
    """An endpoint whose GET is a list in pages. `parameters` is a PageIn with an `order`."""

    # What its cursors are good for.
    list_name: ClassVar[str] = ""
    # Who knows how many there are: said where the address is, by as_view(count=…).
    count: Count = staticmethod(uncounted)

    def page(
        self, walk: Callable[..., Page], show: Callable[[Any], Row], *, scope: str = "all"
    ) -> HttpResponse:
        """One page: what `walk` finds, each row as `show` shows it, and the ways from there."""
        return json_response(self._page(walk, show, scope))

    def cached_page(
        self, walk: Callable[..., Page], show: Callable[[Any], Row], *, scope: str, namespace: str
    ) -> HttpResponse:
        """As listed(), kept in this namespace of the cache for all who see the same."""
        key = cache.key(
            self.request.path,
            scope=scope,
            fields=self.requested_fields,
            **{"filter " + name: value for name, value in self.filters.items()},
            **self.params,
        )
        return json_response(cache.cached(namespace, key, lambda: self._page(walk, show, scope)))

    def _page(self, walk: Callable[..., Page], show: Callable[[Any], Row], scope: str) -> bytes:
        order = self.params["order"]
        sealed: dict[str, Any] = {
            "of": self.list_name,
            "scope": scope,
            "filters": self.filters | {"order": order},
        }
        cursor = self.params["cursor"]
        at: Position | None = cursors.read_page_cursor(cursor, **sealed) if cursor else None
        page = walk(order=order, at=at, limit=self.params["per_page"])
        told: Row = {"results": [show(row) for row in page.rows]}
        told |= cursors.page_links(self.request, page, **sealed)
        all_shown = at is None and page.next is None
        total = len(page.rows) if all_shown else self.count(self.actor, self.filters)
        return orjson.dumps(told if total is None else told | {"total": total})
