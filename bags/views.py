"""JSON about bags, and a search through bags and batches."""

from dataclasses import asdict
from typing import Any

import orjson
from django.http import HttpResponse, StreamingHttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from bags import queries
from bags.filters import BagFilters
from bags.querysets import scope_of
from bags.serializers import BAG_COLUMNS, BagListIn, SearchIn
from tracetrack import cache, paging
from tracetrack.http import ApiView, as_json
from tracetrack.problems import BadField
from tracetrack.streams import CsvRenderer, NdjsonRenderer, Rows, stream


class Bags(ApiView):
    """GET /api/v3/bags, GET /api/v3/bags/stream"""

    permissions = {"GET": "bags.view_bag"}
    parameters = BagListIn
    renderer_classes = [JSONRenderer, NdjsonRenderer, CsvRenderer]

    def get(self, request: Request) -> HttpResponse | StreamingHttpResponse:
        asked = dict(self.asked)
        paged = {name: asked.pop(name) for name in ("per_page", "cursor", "order")}
        after = asked.pop("after")
        asked.pop("format")
        filters = BagFilters(**asked)
        form = str(request.accepted_renderer.format)
        if form == "json":
            self._refuse("after", reason="goes with ndjson and csv; follow `next`")
            return as_json(self._page(filters, **paged))
        self._refuse(*paged, reason=f"goes with JSON; {form} sends everything")
        rows = Rows(queries.all_bags(self.actor, filters), BAG_COLUMNS, after)
        return stream(rows, form=form, name="bags", request=request._request)

    def _refuse(self, *names: str, reason: str) -> None:
        for name in names:
            if name in self.request.query_params:
                raise BadField(field=name, reason=reason)

    def _page(self, filters: BagFilters, *, per_page: int, cursor: str | None, order: str) -> bytes:
        narrowed = asdict(filters)
        scope = scope_of(self.actor)
        bound = narrowed if order == "id" else narrowed | {"order": order}
        sealed: dict[str, Any] = {"of": "bags", "scope": scope, "filters": bound}
        at = paging.read_place(cursor, **sealed) if cursor else None

        def build() -> bytes:
            page = queries.bags_walked(self.actor, filters, order=order, at=at, limit=per_page)
            return orjson.dumps(
                {"results": page.rows, **paging.links(self.request, page, **sealed)}
            )

        told = {"path": self.request.path, "order": order, "at": at, "per_page": per_page}
        key = cache.key("stream", scope=scope, **told, **narrowed)
        return cache.cached("bags", key, build)


class BagDetail(ApiView):
    """GET /api/v3/bags/{code}"""

    permissions = {"GET": "bags.view_bag"}

    def get(self, request: Request, code: str) -> HttpResponse:
        return as_json(queries.as_row(queries.find_bag(self.actor, code)))


class Children(ApiView):
    """GET /api/v3/bags/{code}/children"""

    permissions = {"GET": "bags.view_bag"}

    def get(self, request: Request, code: str) -> HttpResponse:
        bag = queries.find_bag(self.actor, code, joined=False)
        inside = queries.children_of(self.actor, bag)
        return as_json({"code": bag.code, "capacity": bag.capacity, "results": inside})


class Search(ApiView):
    """GET /api/v3/search"""

    permissions = {"GET": "bags.view_bag"}
    limited = {"GET": "search"}
    parameters = SearchIn

    def get(self, request: Request) -> HttpResponse:
        text = self.asked["q"]
        key = cache.key("search", scope=scope_of(self.actor), q=text)
        found = cache.cached("search", key, lambda: orjson.dumps(queries.search(self.actor, text)))
        return as_json(found)
