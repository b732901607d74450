"""Endpoints of batches."""

from functools import partial

from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.idempotency import idempotent
from bags import actions, queries
from bags.api.serializers import (
    BATCH_COLUMNS,
    BatchChangeIn,
    BatchFilterSet,
    BatchIn,
    BatchListParams,
    BatchSerializer,
    BatchWithContentsSerializer,
    HoldIn,
)
from bags.codes import normalize_code
from bags.errors import (
    BadCode,
    BagTypeUnknown,
    BatchExists,
    BatchExpiresEarly,
    BatchUnknown,
    ReasonMissing,
)
from tracetrack.api.fields import to_json
from tracetrack.api.list_view import ListView
from tracetrack.api.params import field_names
from tracetrack.api.row_version import version_of
from tracetrack.api.view import ApiView, created_response, json_response
from tracetrack.errors.problem import BadCursor, Changed
from tracetrack.openapi.annotations import links_to, path_parameter, raises
from tracetrack.text_cleaning import printable

BATCH_CODE = path_parameter("code", str, "The code of the batch.", "LOT-1")


@extend_schema(tags=["batches"])
class Batches(ListView):
    """GET, POST /api/v3/batches"""

    list_name = "batches"
    permissions = {"GET": "bags.view_batch", "POST": "bags.add_batch"}
    parameters = BatchListParams
    filterset_class = BatchFilterSet
    fields = tuple(BATCH_COLUMNS)

    @extend_schema(summary="List batches", responses=BatchSerializer(many=True))
    @raises(BadCursor)
    @links_to("batches/{code}", code="results/0/code")
    def get(self, request: Request) -> HttpResponse:
        # Every account sees the same batches.
        filters = queries.BatchFilters(**self.filters)
        columns = self.select_fields(BATCH_COLUMNS)
        return self.page(partial(queries.batch_page, filters, columns), dict)

    @extend_schema(
        summary="Create a batch",
        description="201: the batch was created. 200: it existed already, with the same content.",
        request=BatchIn,
        responses={201: BatchWithContentsSerializer, 200: BatchWithContentsSerializer},
    )
    @raises(BadCode, BagTypeUnknown, BatchExists, BatchExpiresEarly)
    @links_to("batches/{code}", code="code")
    @idempotent
    def post(self, request: Request) -> HttpResponse:
        fields = self.body(BatchIn)
        bag_type = queries.find_bag_type(fields.pop("bag_type"))
        batch, new = actions.create_batch(actor=self.actor, bag_type=bag_type, **fields)
        return created_response(
            _batch(self, batch.code), reverse("api:batch", args=[batch.code]), new=new
        )


@extend_schema(tags=["batches"], parameters=[BATCH_CODE])
class BatchDetail(ApiView):
    """GET, PATCH /api/v3/batches/{code}"""

    permissions = {"GET": "bags.view_batch", "PATCH": "bags.change_batch"}
    fields = field_names(BatchWithContentsSerializer)

    @extend_schema(summary="Return one batch", responses=BatchWithContentsSerializer)
    @raises(BatchUnknown, BadCode)
    def get(self, request: Request, code: str) -> HttpResponse:
        return _batch(self, code)

    @extend_schema(
        summary="Change a batch", request=BatchChangeIn, responses=BatchWithContentsSerializer
    )
    @raises(BatchUnknown, Changed, BatchExpiresEarly)
    @idempotent
    def patch(self, request: Request, code: str) -> HttpResponse:
        batch = actions.change_batch(
            code=_normalized(code), changes=self.changes(BatchChangeIn), **self.change_arguments
        )
        return _batch(self, batch.code)


@extend_schema(tags=["batches"], parameters=[BATCH_CODE])
class BatchHold(ApiView):
    """POST /api/v3/batches/{code}/hold"""

    permissions = {"POST": "bags.hold_batch"}

    @extend_schema(
        summary="Put a batch on hold", request=HoldIn, responses=BatchWithContentsSerializer
    )
    @raises(BatchUnknown, Changed, ReasonMissing)
    @idempotent
    def post(self, request: Request, code: str) -> HttpResponse:
        reason = self.body(HoldIn)["reason"]
        return _batch(
            self,
            actions.hold_batch(code=_normalized(code), reason=reason, **self.change_arguments).code,
        )


@extend_schema(tags=["batches"], parameters=[BATCH_CODE])
class BatchRelease(ApiView):
    """POST /api/v3/batches/{code}/release"""

    permissions = {"POST": "bags.hold_batch"}

    @extend_schema(
        summary="Release a batch from its hold",
        request=None,
        responses=BatchWithContentsSerializer,
    )
    @raises(BatchUnknown, Changed)
    @idempotent
    def post(self, request: Request, code: str) -> HttpResponse:
        self.no_body()
        return _batch(
            self, actions.release_batch(code=_normalized(code), **self.change_arguments).code
        )


@extend_schema(tags=["batches"], parameters=[BATCH_CODE])
class BatchClose(ApiView):
    """POST /api/v3/batches/{code}/close"""

    permissions = {"POST": "bags.hold_batch"}

    @extend_schema(
        summary="Close a batch for good", request=None, responses=BatchWithContentsSerializer
    )
    @raises(BatchUnknown, Changed)
    @idempotent
    def post(self, request: Request, code: str) -> HttpResponse:
        self.no_body()
        return _batch(
            self, actions.close_batch(code=_normalized(code), **self.change_arguments).code
        )


def _batch(view: ApiView, code: str) -> HttpResponse:
    batch = queries.find_batch(view.actor, code)
    row = to_json(BatchSerializer, batch)
    if view.includes("contents"):
        row["contents"] = queries.batch_contents(view.actor, batch)
    return json_response(view.select_fields(row), version=version_of(batch))


def _normalized(code: str) -> str:
    """Return the code in a URL; a text that is no code becomes printable and matches no batch."""
    return normalize_code(code) or printable(code)
