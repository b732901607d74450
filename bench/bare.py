"""Views that do next to nothing, behind the product's middleware and authentication."""

import os

import orjson
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request

from accounts.authentication import TokenAuthentication
from tracetrack import cache

TABLE = """
    CREATE TABLE IF NOT EXISTS bench_scan (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ref uuid UNIQUE, code text, step text,
        actor_id bigint, at timestamptz DEFAULT now()
    )
"""
INSERT = "INSERT INTO bench_scan (ref, code, step, actor_id) VALUES (%s, %s, %s, %s) RETURNING id"


def empty(request: HttpRequest) -> HttpResponse:
    """An answer without content to whoever has a token."""
    return HttpResponse(status=200 if _who(request) else 401)


@csrf_exempt
def insert(request: HttpRequest) -> HttpResponse:
    """One row for one request."""
    who = _who(request)
    said = orjson.loads(request.body)
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [said["ref"], said["code"], said["step"], who])
        (number,) = cursor.fetchone()
    return HttpResponse(orjson.dumps({"id": number}), content_type="application/json", status=201)


def builds(request: HttpRequest) -> HttpResponse:
    """How often this process built the dashboard."""
    told = cache.stats()["namespaces"]["dashboard"]
    return HttpResponse(orjson.dumps({"pid": os.getpid(), "builds": told["builds"]}))


def forget(request: HttpRequest) -> HttpResponse:
    """The dashboard has to be built anew, in every process."""
    cache.invalidate("dashboard:*")
    return HttpResponse()


def _who(request: HttpRequest) -> int | None:
    found = TokenAuthentication().authenticate(Request(request))
    return found[0].pk if found else None
