"""Idempotency-Key: a change that is sent again is not made again; its response is repeated.

The response is stored in the transaction of the change, so after a crash either both are there or
neither. While a request is in progress, another one with the same key gets 409 at once.
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
# Each request that stores a response deletes up to this many expired ones.
PURGE_PER_REQUEST = 10
STORED_HEADERS = ("Cache-Control", "ETag", "Location")
# Replaces the secret in a stored body. JSON never contains this byte.
SECRET_PLACEHOLDER = b"\0"

Handler = Callable[..., HttpResponse]
DeriveSecret = Callable[[str], str]


def idempotent(handler: Handler) -> Handler:
    """Let a handler method of an ApiView honour Idempotency-Key.

    Errors are not stored: after one, the key can be used again.
    """
    return _with_stored_response(handler, None)


def idempotent_with_secret(derive: DeriveSecret) -> Callable[[Handler], Handler]:
    """Let a handler whose response shows a secret honour Idempotency-Key.

    The handler creates the secret as `derive(view.secret_seed)`. The seed is stored in place of the
    secret; without SECRET_KEY the secret cannot be derived from it.
    """
    return lambda handler: _with_stored_response(handler, derive)


def _with_stored_response(handler: Handler, derive: DeriveSecret | None) -> Handler:
    @wraps(handler)
    def wrapper(view: ApiView, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.headers.get(KEY_HEADER)
        if key is None:
            return handler(view, request, *args, **kwargs)
        if not KEY_PATTERN.fullmatch(key):
            raise BadField(field=KEY_HEADER, reason="is not 1 to 255 visible ASCII characters")
        digest = _request_digest(view, request)
        with transaction.atomic():
            stored = _lock_and_get(view, key)
            if stored is not None:
                return _stored_response(stored, digest, derive)
            view.secret_seed = secrets.token_urlsafe(32) if derive else ""
            response = handler(view, request, *args, **kwargs)
            _store(view, key, digest, response, derive)
            _purge_expired()
        return response

    wrapper.idempotent = True  # type: ignore[attr-defined]
    return wrapper


def _request_digest(view: ApiView, request: Request) -> str:
    """Return a hash that is equal for equal requests only."""
    content = [request.method, request.get_full_path(), view.raw_body()]
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _lock_and_get(view: ApiView, key: str) -> IdempotencyKey | None:
    """Lock the key until the end of the transaction and return its stored response.

    Raises UnderWay if another request with this key is in progress.
    Index: idempotency_key_is_used_once.
    """
    lock_name = f"idempotency key {view.actor.pk} {key}"
    with connection.cursor() as cursor:
        # PostgreSQL releases the lock with the transaction, also if the process is killed.
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [lock_name])
        if cursor.fetchone() != (True,):
            raise UnderWay(seconds=1)
    # Read after locking: the response of the request that held the lock is committed by now.
    stored = IdempotencyKey.objects.filter(user=view.actor, key=key).first()
    if stored is not None and stored.created_at < timezone.now() - KEEP_RESPONSES_FOR:
        stored.delete()
        return None
    return stored


def _stored_response(
    stored: IdempotencyKey, digest: str, derive: DeriveSecret | None
) -> HttpResponse:
    """Return the stored response; raises KeyReused if it belongs to another request.

    Also if SECRET_KEY has changed since: the secret of the response cannot be derived any more.
    """
    body = bytes(stored.body)
    if derive:
        body = body.replace(SECRET_PLACEHOLDER, derive(stored.secret_seed).encode())
    is_other_secret = derive and stored.body_digest != sha256(body).hexdigest()
    if stored.request_digest != digest or is_other_secret:
        raise KeyReused(at=stored.created_at.isoformat())
    response = HttpResponse(body, content_type="application/json", status=stored.status)
    for name, value in stored.headers.items():
        response.headers[name] = value
    response.headers[REPLAYED_HEADER] = "true"
    return response


def _store(
    view: ApiView, key: str, digest: str, response: HttpResponse, derive: DeriveSecret | None
) -> None:
    body = response.content
    stored_body = body
    if derive:
        stored_body = body.replace(derive(view.secret_seed).encode(), SECRET_PLACEHOLDER)
    IdempotencyKey.objects.create(
        user=view.actor,
        key=key,
        request_digest=digest,
        status=response.status_code,
        headers={name: response[name] for name in STORED_HEADERS if name in response},
        body=stored_body,
        secret_seed=view.secret_seed,
        body_digest=sha256(body).hexdigest() if derive else "",
    )


def _purge_expired() -> None:
    """Delete some expired responses. Index: idempotency_key_by_age."""
    expired = IdempotencyKey.objects.filter(
        created_at__lt=timezone.now() - KEEP_RESPONSES_FOR
    ).order_by("created_at")
    batch = expired.select_for_update(skip_locked=True)[:PURGE_PER_REQUEST]
    IdempotencyKey.objects.filter(pk__in=batch.values("pk")).delete()
