"""Endpoints of areas."""

from functools import partial

from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.idempotency import idempotent
from bags import actions, queries
from bags.api.serializers import (
    AreaChangeIn,
    AreaFilterSet,
    AreaIn,
    AreaListParams,
    AreaSerializer,
)
from bags.errors import AreaExists, AreaUnknown
from bags.models import Area
from bags.querysets import visible_area_ids
from tracetrack.api.list_view import ListView
from tracetrack.api.pagination import paginate
from tracetrack.api.params import field_names
from tracetrack.api.row_version import version_of
from tracetrack.api.view import ApiView, created_response, json_response
from tracetrack.errors.problem import BadCursor, Changed
from tracetrack.openapi.annotations import links_to, path_parameter, raises

AREA_CODE = path_parameter("code", str, "The code of the area.", "lucknow")


@extend_schema(tags=["reference"])
class Areas(ListView):
    """GET, POST /api/v3/areas"""

    list_name = "areas"
    permissions = {"GET": "bags.view_area", "POST": "bags.add_area"}
    parameters = AreaListParams
    filterset_class = AreaFilterSet
    fields = field_names(AreaSerializer)
    count = staticmethod(queries.count_areas)

    @extend_schema(summary="List areas", responses=AreaSerializer(many=True))
    @raises(BadCursor)
    @links_to("areas/{code}", code="results/0/code")
    def get(self, request: Request) -> HttpResponse:
        serializer = _area_serializer(self)
        areas = partial(paginate, Area.objects.filter(**self.filters))
        return self.page(areas, lambda area: self.select_fields(serializer.to_representation(area)))

    @extend_schema(
        summary="Create an area",
        request=AreaIn,
        responses={201: AreaSerializer, 200: AreaSerializer},
    )
    @raises(AreaExists)
    @links_to("areas/{code}", code="code")
    @idempotent
    def post(self, request: Request) -> HttpResponse:
        area, new = actions.create_area(actor=self.actor, **self.body(AreaIn))
        return created_response(_area(self, area), reverse("api:area", args=[area.code]), new=new)


@extend_schema(tags=["reference"], parameters=[AREA_CODE])
class AreaDetail(ApiView):
    """GET, PATCH /api/v3/areas/{code}"""

    permissions = {"GET": "bags.view_area", "PATCH": "bags.change_area"}
    fields = field_names(AreaSerializer)

    @extend_schema(summary="Return one area", responses=AreaSerializer)
    @raises(AreaUnknown)
    def get(self, request: Request, code: str) -> HttpResponse:
        return _area(self, queries.find_area(code))

    @extend_schema(
        summary="Change an area",
        request=AreaChangeIn,
        responses=AreaSerializer,
    )
    @raises(AreaUnknown, Changed)
    @idempotent
    def patch(self, request: Request, code: str) -> HttpResponse:
        changes = self.changes(AreaChangeIn)
        return _area(self, actions.change_area(code=code, changes=changes, **self.change_arguments))


def _area(view: ApiView, area: Area) -> HttpResponse:
    row = _area_serializer(view).to_representation(area)
    return json_response(view.select_fields(row), version=version_of(area))


def _area_serializer(view: ApiView) -> AreaSerializer:
    return AreaSerializer(context={"visible_area_ids": visible_area_ids(view.actor)})
