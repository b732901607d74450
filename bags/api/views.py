"""JSON about bags, and a search through bags and batches."""

from functools import partial

import orjson
from django.http import HttpResponse, StreamingHttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from bags import queries
from bags.api.serializers import BAG_EXPORT_COLUMNS, BagFilterSet, BagListParams, SearchParams
from bags.filters import BagFilters
from bags.list_fields import BAG_FIELDS, CHILD_FIELDS
from bags.querysets import visibility_key
from bags.search import search
from tracetrack import cache
from tracetrack.api.list_view import ListView
from tracetrack.api.view import ApiView, json_response
from tracetrack.db.export import CsvRenderer, ExportRows, NdjsonRenderer, stream_rows
from tracetrack.errors.http import BadField


class Bags(ListView):
    """GET /api/v3/bags, GET /api/v3/bags/stream"""

    list_name = "bags"
    permissions = {"GET": "bags.view_bag"}
    parameters = BagListParams
    filterset_class = BagFilterSet
    fields = tuple(BAG_FIELDS)
    renderer_classes = [JSONRenderer, NdjsonRenderer, CsvRenderer]

    def get(self, request: Request) -> HttpResponse | StreamingHttpResponse:
        filters = BagFilters(**self.filters)
        form = str(request.accepted_renderer.format)
        if form == "json":
            self._refuse("after", reason="goes with ndjson and csv; follow `next`")
            walk = partial(queries.bag_page, self.actor, filters, self.selected_fields)
            return self.cached_page(
                walk, dict, visibility=visibility_key(self.actor), namespace="bags"
            )
        self._refuse("per_page", "cursor", "order", reason=f"goes with JSON; {form} sends all")
        columns = [column for column in BAG_EXPORT_COLUMNS if self.includes(column.name)]
        rows = ExportRows(queries.all_bags(self.actor, filters), columns, self.params["after"])
        return stream_rows(rows, form=form, name="bags", request=request._request)

    def _refuse(self, *names: str, reason: str) -> None:
        for name in names:
            if name in self.request.query_params:
                raise BadField(field=name, reason=reason)


class BagDetail(ApiView):
    """GET /api/v3/bags/{code}"""

    permissions = {"GET": "bags.view_bag"}
    fields = tuple(BAG_FIELDS)

    def get(self, request: Request, code: str) -> HttpResponse:
        return json_response(queries.bag_row(self.actor, code, self.selected_fields))


class Children(ApiView):
    """GET /api/v3/bags/{code}/children"""

    permissions = {"GET": "bags.view_bag"}
    fields = tuple(CHILD_FIELDS)

    def get(self, request: Request, code: str) -> HttpResponse:
        bag = queries.find_bag(self.actor, code, joined=False)
        inside = queries.children_of(self.actor, bag, self.selected_fields)
        return json_response({"code": bag.code, "capacity": bag.capacity, "results": inside})


class Search(ApiView):
    """GET /api/v3/search"""

    permissions = {"GET": "bags.view_bag"}
    rate_limits = {"GET": "search"}
    parameters = SearchParams

    def get(self, request: Request) -> HttpResponse:
        text = self.params["q"]
        key = cache.key("search", scope=visibility_key(self.actor), q=text)
        found = cache.cached("search", key, lambda: orjson.dumps(search(self.actor, text)))
        return json_response(found)
