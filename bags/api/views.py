"""JSON about bags, and a search through bags and batches."""

from functools import partial

import orjson
from django.http import HttpResponse, StreamingHttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from bags import queries
from bags.api.serializers import BAG_COLUMNS, BagListIn, BagNarrowing, SearchIn
from bags.filters import BagFilters
from bags.list_fields import BAG, INSIDE
from bags.querysets import scope_of
from bags.search import search
from tracetrack import cache
from tracetrack.api.list_view import ListView
from tracetrack.api.view import ApiView, as_json
from tracetrack.db.export import CsvRenderer, NdjsonRenderer, Rows, stream
from tracetrack.errors.http import BadField


class Bags(ListView):
    """GET /api/v3/bags, GET /api/v3/bags/stream"""

    of = "bags"
    permissions = {"GET": "bags.view_bag"}
    parameters = BagListIn
    filterset_class = BagNarrowing
    shows = tuple(BAG)
    renderer_classes = [JSONRenderer, NdjsonRenderer, CsvRenderer]

    def get(self, request: Request) -> HttpResponse | StreamingHttpResponse:
        filters = BagFilters(**self.narrowed)
        form = str(request.accepted_renderer.format)
        if form == "json":
            self._refuse("after", reason="goes with ndjson and csv; follow `next`")
            walk = partial(queries.bags_walked, self.actor, filters, self.fields)
            return self.listed_once(walk, dict, scope=scope_of(self.actor), namespace="bags")
        self._refuse("per_page", "cursor", "order", reason=f"goes with JSON; {form} sends all")
        columns = [column for column in BAG_COLUMNS if self.wants(column.name)]
        rows = Rows(queries.all_bags(self.actor, filters), columns, self.asked["after"])
        return stream(rows, form=form, name="bags", request=request._request)

    def _refuse(self, *names: str, reason: str) -> None:
        for name in names:
            if name in self.request.query_params:
                raise BadField(field=name, reason=reason)


class BagDetail(ApiView):
    """GET /api/v3/bags/{code}"""

    permissions = {"GET": "bags.view_bag"}
    shows = tuple(BAG)

    def get(self, request: Request, code: str) -> HttpResponse:
        return as_json(queries.bag_shown(self.actor, code, self.fields))


class Children(ApiView):
    """GET /api/v3/bags/{code}/children"""

    permissions = {"GET": "bags.view_bag"}
    shows = tuple(INSIDE)

    def get(self, request: Request, code: str) -> HttpResponse:
        bag = queries.find_bag(self.actor, code, joined=False)
        inside = queries.children_of(self.actor, bag, self.fields)
        return as_json({"code": bag.code, "capacity": bag.capacity, "results": inside})


class Search(ApiView):
    """GET /api/v3/search"""

    permissions = {"GET": "bags.view_bag"}
    limited = {"GET": "search"}
    parameters = SearchIn

    def get(self, request: Request) -> HttpResponse:
        text = self.asked["q"]
        key = cache.key("search", scope=scope_of(self.actor), q=text)
        found = cache.cached("search", key, lambda: orjson.dumps(search(self.actor, text)))
        return as_json(found)
