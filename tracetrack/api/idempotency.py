"""Idempotency-Key: what was asked once is done once, however often it is sent.

The receipt is written in the transaction of the change: either both are there, or neither, wherever
a process dies. Who comes while the first is under way hears so at once.
"""

import json
import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from hashlib import sha256
from typing import Any

from django.db import connection, transaction
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from accounts.models import IdempotencyKey
from tracetrack.api.view import ApiView
from tracetrack.errors.http import BadField, KeyReused, UnderWay

KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
KEY_PATTERN = re.compile(r"[\x21-\x7e]{1,255}")
KEEP_RESPONSES_FOR = timedelta(hours=24)
# Every receipt that is written takes this many old ones away, so they never pile up.
PURGE_PER_REQUEST = 10
STORED_HEADERS = ("Cache-Control", "ETag", "Location")
# Stands in a receipt where the answer showed a secret. No JSON holds such a byte.
SECRET_PLACEHOLDER = b"\0"

Handler = Callable[..., HttpResponse]
DeriveSecret = Callable[[str], str]


def idempotent(post: Handler) -> Handler:
    """`post` of an ApiView, made safe to repeat: with a key, the first answer comes again.

    Only what was done leaves a receipt; what was refused leaves its key as good as new.
    """
    return _repeatable(post, None)


def idempotent_with_secret(make: DeriveSecret) -> Callable[[Handler], Handler]:
    """As repeatable(), where the answer shows a secret that `make` makes of the view's seed.

    The receipt keeps the seed; only together with the SECRET_KEY it gives the secret again.
    """
    return lambda post: _repeatable(post, make)


def _repeatable(post: Handler, make: DeriveSecret | None) -> Handler:
    @wraps(post)
    def once(view: ApiView, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.headers.get(KEY_HEADER)
        if key is None:
            return post(view, request, *args, **kwargs)
        if not KEY_PATTERN.fullmatch(key):
            raise BadField(field=KEY_HEADER, reason="is not 1 to 255 visible signs of ASCII")
        asked = _digest(view, request)
        with transaction.atomic():
            earlier = _earlier(view, key)
            if earlier is not None:
                return _again(earlier, asked, make)
            view.secret_seed = secrets.token_urlsafe(32) if make else ""
            response = post(view, request, *args, **kwargs)
            _keep(view, key, asked, response, make)
        return response

    once.idempotent = True  # type: ignore[attr-defined]
    return once


def _digest(view: ApiView, request: Request) -> str:
    """What is asked, as a text that is equal exactly where the question is."""
    said = [request.method, request.get_full_path(), view.raw_body()]
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _earlier(view: ApiView, key: str) -> IdempotencyKey | None:
    """The receipt for this key. Raises UnderWay while another request with it is being done.

    Index: idempotency_key_is_used_once.
    """
    claim = f"receipt {view.actor.pk} {key}"
    with connection.cursor() as cursor:
        # It ends with the transaction, so also with the process: nothing is left to clean up.
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [claim])
        if cursor.fetchone() != (True,):
            raise UnderWay(seconds=1)
    # Asked only now: what the one before us did is committed.
    earlier = IdempotencyKey.objects.filter(user=view.actor, key=key).first()
    if earlier is not None and earlier.created_at < timezone.now() - KEEP_RESPONSES_FOR:
        earlier.delete()
        return None
    return earlier


def _again(earlier: IdempotencyKey, asked: str, make: DeriveSecret | None) -> HttpResponse:
    body = bytes(earlier.body)
    if make:
        body = body.replace(SECRET_PLACEHOLDER, make(earlier.secret_seed).encode())
    # Under another SECRET_KEY the secret is another one: that answer cannot come again.
    if earlier.request_digest != asked or (
        make and earlier.body_digest != sha256(body).hexdigest()
    ):
        raise KeyReused(at=earlier.created_at.isoformat())
    response = HttpResponse(body, content_type="application/json", status=earlier.status)
    for name, value in earlier.headers.items():
        response.headers[name] = value
    response.headers[REPLAYED_HEADER] = "true"
    return response


def _keep(
    view: ApiView, key: str, asked: str, response: HttpResponse, make: DeriveSecret | None
) -> None:
    """Write the receipt, and forget some that are old. Index: idempotency_key_by_age."""
    body = response.content
    IdempotencyKey.objects.create(
        user=view.actor,
        key=key,
        request_digest=asked,
        status=response.status_code,
        headers={name: response[name] for name in STORED_HEADERS if name in response},
        body=body.replace(make(view.secret_seed).encode(), SECRET_PLACEHOLDER) if make else body,
        secret_seed=view.secret_seed,
        body_digest=sha256(body).hexdigest() if make else "",
    )
    old = IdempotencyKey.objects.filter(
        created_at__lt=timezone.now() - KEEP_RESPONSES_FOR
    ).order_by("created_at")
    swept = old.select_for_update(skip_locked=True)[:PURGE_PER_REQUEST]
    IdempotencyKey.objects.filter(pk__in=swept.values("pk")).delete()
