"""ListView: a list in pages, narrowed, ordered, counted, with the fields that were asked for."""

from collections.abc import Callable
from typing import Any, ClassVar

import orjson
from django.http import HttpResponse
from rest_framework import serializers

from accounts.models import User
from tracetrack import cache
from tracetrack.api import cursors
from tracetrack.api.pagination import Page, Place
from tracetrack.api.view import ApiView, as_json

Row = dict[str, Any]
Count = Callable[[User, dict[str, Any]], int | None]
MOST_ROWS = 500


class PageIn(serializers.Serializer[Any]):
    """How many rows a page has, and where the list goes on."""

    per_page = serializers.IntegerField(min_value=1, max_value=MOST_ROWS, default=100)
    cursor = serializers.CharField(default=None)


def uncounted(user: User, filters: dict[str, Any]) -> None:
    """Nobody knows how many there are without reading them."""


class ListView(ApiView):
    """An endpoint whose GET is a list in pages. `parameters` is a PageIn with an `order`."""

    # What its cursors are good for.
    of: ClassVar[str] = ""
    # Who knows how many there are: said where the address is, by as_view(count=…).
    count: Count = staticmethod(uncounted)

    def listed(
        self, walk: Callable[..., Page], show: Callable[[Any], Row], *, scope: str = "all"
    ) -> HttpResponse:
        """One page: what `walk` finds, each row as `show` shows it, and the ways from there."""
        return as_json(self._page(walk, show, scope))

    def listed_once(
        self, walk: Callable[..., Page], show: Callable[[Any], Row], *, scope: str, namespace: str
    ) -> HttpResponse:
        """As listed(), kept in this namespace of the cache for all who see the same."""
        key = cache.key(
            self.request.path,
            scope=scope,
            fields=self.chosen,
            **{"filter " + name: value for name, value in self.narrowed.items()},
            **self.asked,
        )
        return as_json(cache.cached(namespace, key, lambda: self._page(walk, show, scope)))

    def _page(self, walk: Callable[..., Page], show: Callable[[Any], Row], scope: str) -> bytes:
        order = self.asked["order"]
        sealed: dict[str, Any] = {
            "of": self.of,
            "scope": scope,
            "filters": self.narrowed | {"order": order},
        }
        cursor = self.asked["cursor"]
        at: Place | None = cursors.read_place(cursor, **sealed) if cursor else None
        page = walk(order=order, at=at, limit=self.asked["per_page"])
        told: Row = {"results": [show(row) for row in page.rows]}
        told |= cursors.links(self.request, page, **sealed)
        all_shown = at is None and page.next is None
        total = len(page.rows) if all_shown else self.count(self.actor, self.narrowed)
        return orjson.dumps(told if total is None else told | {"total": total})
