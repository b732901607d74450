"""JSON about what exists: bags, batches, a search through both."""

from dataclasses import asdict
from functools import partial
from typing import Any
from urllib.parse import urlencode

import orjson
from django.http import HttpResponse, StreamingHttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from bags import queries
from bags.querysets import scope_of
from bags.serializers import BAG_COLUMNS, BagListIn, SearchIn, batch_json
from tracetrack import cache, paging
from tracetrack.http import ApiView, as_json
from tracetrack.problems import BadField
from tracetrack.streams import CsvRenderer, NdjsonRenderer, stream


class Bags(ApiView):
    """GET /api/v3/bags/stream"""

    permissions = {"GET": "bags.view_bag"}
    parameters = BagListIn
    renderer_classes = [JSONRenderer, NdjsonRenderer, CsvRenderer]

    def get(self, request: Request) -> HttpResponse | StreamingHttpResponse:
        asked = dict(self.asked)
        paged = {name: asked.pop(name) for name in ("per_page", "cursor")}
        asked.pop("format")
        filters = queries.BagFilters(**asked)
        form = str(request.accepted_renderer.format)
        if form == "json":
            return as_json(self._page(filters, **paged))
        for name in paged:
            if name in request.query_params:
                raise BadField(field=name, reason=f"goes with JSON; {form} sends everything")
        rows = partial(queries.every_bag, self.actor, filters)
        return stream(rows, form=form, columns=BAG_COLUMNS, name="bags")

    def _page(self, filters: queries.BagFilters, *, per_page: int, cursor: str | None) -> bytes:
        narrowed = asdict(filters)
        scope = scope_of(self.actor)
        sealed: dict[str, Any] = {"of": "bags", "scope": scope, "filters": narrowed}
        after = paging.read_cursor(cursor, **sealed) if cursor else None

        def build() -> bytes:
            # One more than is shown tells whether there are more.
            rows = queries.bag_page(self.actor, after=after, limit=per_page + 1, filters=filters)
            shown, more = rows[:per_page], len(rows) > per_page
            follow = self._next(paging.cursor(shown[-1]["id"], **sealed)) if more else None
            return orjson.dumps({"results": shown, "next": follow})

        key = cache.key("stream", scope=scope, after=after, per_page=per_page, **narrowed)
        return cache.cached("bags", key, build)

    def _next(self, cursor: str) -> str:
        given = {name: self.request.query_params[name] for name in self.request.query_params}
        return f"{self.request.path}?{urlencode(given | {'cursor': cursor})}"


class BagDetail(ApiView):
    """GET /api/v3/bags/{code}"""

    permissions = {"GET": "bags.view_bag"}

    def get(self, request: Request, code: str) -> HttpResponse:
        return as_json(queries.as_row(queries.find_bag(self.actor, code)))


class Children(ApiView):
    """GET /api/v3/bags/{code}/children"""

    permissions = {"GET": "bags.view_bag"}

    def get(self, request: Request, code: str) -> HttpResponse:
        bag = queries.find_bag(self.actor, code)
        inside = queries.children_of(self.actor, bag)
        return as_json({"code": bag.code, "capacity": bag.capacity, "results": inside})


class BatchDetail(ApiView):
    """GET /api/v3/batches/{code}"""

    permissions = {"GET": "bags.view_batch"}

    def get(self, request: Request, code: str) -> HttpResponse:
        batch = queries.find_batch(self.actor, code)
        contents = queries.batch_contents(self.actor, batch)
        return as_json(batch_json(batch) | {"contents": contents})


class Search(ApiView):
    """GET /api/v3/search"""

    permissions = {"GET": "bags.view_bag"}
    parameters = SearchIn

    def get(self, request: Request) -> HttpResponse:
        text = self.asked["q"]
        key = cache.key("search", scope=scope_of(self.actor), q=text)
        found = cache.cached("search", key, lambda: orjson.dumps(queries.search(self.actor, text)))
        return as_json(found)
