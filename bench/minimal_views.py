"""Minimal views behind the product's middleware and authentication, to compare with."""

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
    """Return an empty response if the request has a valid token."""
    return HttpResponse(status=200 if _authenticated_user_id(request) else 401)


@csrf_exempt
def insert(request: HttpRequest) -> HttpResponse:
    """Insert one row."""
    user_id = _authenticated_user_id(request)
    body = orjson.loads(request.body)
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [body["ref"], body["code"], body["step"], user_id])
        (number,) = cursor.fetchone()
    return HttpResponse(orjson.dumps({"id": number}), content_type="application/json", status=201)


def builds(request: HttpRequest) -> HttpResponse:
    """Return how often this process built the dashboard."""
    counts = cache.stats()["namespaces"]["dashboard"]
    return HttpResponse(orjson.dumps({"pid": os.getpid(), "builds": counts["builds"]}))


def invalidate(request: HttpRequest) -> HttpResponse:
    """Invalidate the cached dashboard in every process."""
    cache.invalidate("dashboard:*")
    return HttpResponse()


def _authenticated_user_id(request: HttpRequest) -> int | None:
    found = TokenAuthentication().authenticate(Request(request))
    return found[0].pk if found else None
