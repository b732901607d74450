"""Endpoints of bag types."""

from functools import partial

from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.idempotency import idempotent
from bags import actions, queries
from bags.api.serializers import (
    BagTypeChangeIn,
    BagTypeIn,
    BagTypeListParams,
    BagTypeSerializer,
)
from bags.errors import BagTypeExists, BagTypeUnknown
from bags.models import BagType
from tracetrack.api.fields import to_json
from tracetrack.api.list_view import ListView
from tracetrack.api.pagination import paginate
from tracetrack.api.params import field_names
from tracetrack.api.row_version import version_of
from tracetrack.api.view import ApiView, created_response, json_response
from tracetrack.errors.problem import BadCursor, Changed
from tracetrack.openapi.annotations import links_to, path_parameter, raises

BAG_TYPE_NAME = path_parameter("name", str, "The name of the bag type.", "mustard")


@extend_schema(tags=["reference"])
class BagTypes(ListView):
    """GET, POST /api/v3/bag-types"""

    list_name = "bag-types"
    permissions = {"GET": "bags.view_bagtype", "POST": "bags.add_bagtype"}
    parameters = BagTypeListParams
    fields = field_names(BagTypeSerializer)
    count = staticmethod(queries.count_bag_types)

    @extend_schema(summary="List bag types", responses=BagTypeSerializer(many=True))
    @raises(BadCursor)
    @links_to("bag-types/{name}", name="results/0/name")
    def get(self, request: Request) -> HttpResponse:
        types = partial(paginate, BagType.objects.all())
        return self.page(
            types, lambda bag_type: self.select_fields(to_json(BagTypeSerializer, bag_type))
        )

    @extend_schema(
        summary="Create a bag type",
        request=BagTypeIn,
        responses={201: BagTypeSerializer, 200: BagTypeSerializer},
    )
    @raises(BagTypeExists)
    @links_to("bag-types/{name}", name="name")
    @idempotent
    def post(self, request: Request) -> HttpResponse:
        bag_type, new = actions.create_bag_type(actor=self.actor, **self.body(BagTypeIn))
        url = reverse("api:bag-type", args=[bag_type.name])
        return created_response(_bag_type(self, bag_type), url, new=new)


@extend_schema(tags=["reference"], parameters=[BAG_TYPE_NAME])
class BagTypeDetail(ApiView):
    """GET, PATCH /api/v3/bag-types/{name}"""

    permissions = {"GET": "bags.view_bagtype", "PATCH": "bags.change_bagtype"}
    fields = field_names(BagTypeSerializer)

    @extend_schema(summary="Return one bag type", responses=BagTypeSerializer)
    @raises(BagTypeUnknown)
    def get(self, request: Request, name: str) -> HttpResponse:
        return _bag_type(self, queries.find_bag_type(name))

    @extend_schema(
        summary="Change a bag type",
        description="The change applies to bags that are registered from now on.",
        request=BagTypeChangeIn,
        responses=BagTypeSerializer,
    )
    @raises(BagTypeUnknown, Changed)
    @idempotent
    def patch(self, request: Request, name: str) -> HttpResponse:
        changes = self.changes(BagTypeChangeIn)
        return _bag_type(
            self, actions.change_bag_type(name=name, changes=changes, **self.change_arguments)
        )


def _bag_type(view: ApiView, bag_type: BagType) -> HttpResponse:
    row = to_json(BagTypeSerializer, bag_type)
    return json_response(view.select_fields(row), version=version_of(bag_type))
