"""Endpoints of bags, and the search for bags and batches."""

from functools import partial

import orjson
from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from bags import queries
from bags.api.serializers import (
    BAG_COLUMNS,
    BAG_EXPORT_COLUMNS,
    CHILD_COLUMNS,
    BagFilterSet,
    BagListParams,
    BagSerializer,
    ChildrenSerializer,
    SearchParams,
    SearchSerializer,
)
from bags.errors import BadCode, BagUnknown
from bags.filters import BagFilters
from bags.querysets import visibility_key
from bags.search import search
from tracetrack import cache
from tracetrack.api.list_view import ListView
from tracetrack.api.view import ApiView, json_response
from tracetrack.db.export import CsvRenderer, ExportRows, NdjsonRenderer, stream_rows
from tracetrack.errors.http import BadField
from tracetrack.errors.problem import BadCursor, Busy
from tracetrack.openapi.annotations import links_to, path_parameter, raises

BAG_CODE = path_parameter("code", str, "The code of the bag.", "SB10001")


@extend_schema(tags=["bags"])
class Bags(ListView):
    """GET /api/v3/bags"""

    list_name = "bags"
    permissions = {"GET": "bags.view_bag"}
    parameters = BagListParams
    filterset_class = BagFilterSet
    fields = tuple(BAG_COLUMNS)
    renderer_classes = [JSONRenderer, NdjsonRenderer, CsvRenderer]

    @extend_schema(summary="List bags", responses=BagSerializer(many=True))
    @raises(BadCursor, Busy)
    @links_to("bags/{code}", code="results/0/code")
    def get(self, request: Request) -> HttpResponse | StreamingHttpResponse:
        filters = BagFilters(**self.filters)
        file_format = str(request.accepted_renderer.format)
        if file_format == "json":
            self._reject_parameters("after", reason="is for NDJSON and CSV; follow `next`")
            columns = self.select_fields(BAG_COLUMNS)
            page = partial(queries.bag_page, self.actor, filters, columns)
            return self.cached_page(
                page, dict, visibility=visibility_key(self.actor), namespace="bags"
            )
        self._reject_parameters(
            "per_page", "cursor", "order", reason=f"is for JSON; {file_format} contains all bags"
        )
        exported = [column for column in BAG_EXPORT_COLUMNS if self.includes(column.name)]
        rows = ExportRows(queries.all_bags(self.actor, filters), exported, self.params["after"])
        return stream_rows(rows, file_format=file_format, name="bags", request=request._request)

    def _reject_parameters(self, *names: str, reason: str) -> None:
        for name in names:
            if name in self.request.query_params:
                raise BadField(field=name, reason=reason)


@extend_schema_view(
    get=extend_schema(
        summary="List or export all bags",
        description="JSON comes in pages: follow `next`. NDJSON and CSV contain all bags and are "
        "streamed: select one by `Accept` or `format`; after an interruption, continue with "
        "`after`.",
    )
)
class BagStream(Bags):
    """GET /api/v3/bags/stream"""


@extend_schema(tags=["bags"], parameters=[BAG_CODE])
class BagDetail(ApiView):
    """GET /api/v3/bags/{code}"""

    permissions = {"GET": "bags.view_bag"}
    fields = tuple(BAG_COLUMNS)

    @extend_schema(summary="Return one bag", responses=BagSerializer)
    @raises(BagUnknown, BadCode)
    def get(self, request: Request, code: str) -> HttpResponse:
        return json_response(queries.bag_row(self.actor, code, self.selected_fields))


@extend_schema(tags=["bags"], parameters=[BAG_CODE])
class BagChildren(ApiView):
    """GET /api/v3/bags/{code}/children"""

    permissions = {"GET": "bags.view_bag"}
    fields = tuple(CHILD_COLUMNS)

    @extend_schema(summary="List the bags in a parent", responses=ChildrenSerializer)
    @raises(BagUnknown, BadCode)
    def get(self, request: Request, code: str) -> HttpResponse:
        bag = queries.find_bag(self.actor, code, with_relations=False)
        rows = queries.children_of(self.actor, bag, self.select_fields(CHILD_COLUMNS))
        return json_response({"code": bag.code, "capacity": bag.capacity, "results": rows})


@extend_schema(tags=["bags"])
class Search(ApiView):
    """GET /api/v3/search"""

    permissions = {"GET": "bags.view_bag"}
    rate_limits = {"GET": "search"}
    parameters = SearchParams

    @extend_schema(
        summary="Search bags and batches",
        responses=SearchSerializer,
        examples=[OpenApiExample("Code", "SB1", parameter_only=("q", "query"))],
    )
    @links_to("bags/{code}", code="bags/0/code")
    def get(self, request: Request) -> HttpResponse:
        text = self.params["q"]
        key = cache.key("search", visibility=visibility_key(self.actor), q=text)
        found = cache.cached("search", key, lambda: orjson.dumps(search(self.actor, text)))
        return json_response(found)
