"""Authentication with API tokens: look-up by digest, expiry, network restrictions."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.models import ApiToken, User
from accounts.token_secrets import is_well_formed, token_digest
from tracetrack.client_ip import client_address, is_from_networks
from tracetrack.errors.http import CHALLENGE
from tracetrack.errors.problem import NotSignedIn, WrongNetwork

# Writing used_at on each request would cost an UPDATE per request.
USED_AT_INTERVAL = timedelta(minutes=1)
# A SQL function, because PostgreSQL then plans the query once per connection.
FIND_TOKEN = "SELECT * FROM accounts_find_token(%s, %s)"
# Key of the WSGI environ under which server/token_prefetch.py stores the row of the token: a row of
# the SQL function without its digest, or None for an unknown token.
PREFETCHED_TOKEN = "tracetrack.token"
# The columns of that row: first those of the token, then those of its user. Other fields of both
# are deferred.
TOKEN_COLUMNS = [
    "id", "user_id", "name", "prefix", "scopes", "read_only", "networks", "expires_at", "used_at",
]  # fmt: skip
USER_COLUMNS = ["id", "username", "first_name", "last_name", "email", "is_active", "role"]


class TokenAuthentication(BaseAuthentication):
    """Authenticate requests with `Authorization: Bearer tt_…`.

    A request with an invalid token is rejected with 401, even if it also has a session cookie.
    """

    def authenticate(self, request: Request | HttpRequest) -> tuple[User, ApiToken] | None:
        """Return the user and their token; None if the request has no token.

        Raises NotSignedIn if the token is unknown, expired or revoked, and WrongNetwork.
        """
        plain = bearer_token(request.META)
        if plain is None:
            return None
        now = timezone.now()
        if PREFETCHED_TOKEN in request.META:
            token = _from_row(request.META[PREFETCHED_TOKEN])
        else:
            token = find_token(plain, now=now)
        if token is None:
            raise NotSignedIn(reason="the token is unknown, expired or revoked")
        if token.networks and not is_from_networks(request, token.networks):
            raise WrongNetwork(address=client_address(request))
        _update_used_at(token, now)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def bearer_token(environ: Mapping[str, Any]) -> str | None:
    """Return the bearer token of a WSGI environ; None if it has no Authorization of that scheme."""
    scheme, _, plain = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return plain.strip() if scheme.lower() == "bearer" else None


def find_token(plain: str, *, now: datetime) -> ApiToken | None:
    """Return the token if it is active at `now` and its user is active; otherwise None.

    Index: api_token_digest_is_unique.
    """
    if not is_well_formed(plain):
        return None
    with connection.cursor() as cursor:
        cursor.execute(FIND_TOKEN, [token_digest(plain), now])
        return _from_row(cursor.fetchone())


def _from_row(row: Sequence[Any] | None) -> ApiToken | None:
    """Return the token with its user from a row of the SQL function."""
    if row is None:
        return None
    token = ApiToken.from_db(connection.alias, TOKEN_COLUMNS, row[: len(TOKEN_COLUMNS)])
    user_row = (token.user_id, *row[len(TOKEN_COLUMNS) :])
    token.user = User.from_db(connection.alias, USER_COLUMNS, user_row)
    token.user.scopes = token.effective_scopes
    return token


def _update_used_at(token: ApiToken, now: datetime) -> None:
    if token.used_at is None or now - token.used_at >= USED_AT_INTERVAL:
        ApiToken.objects.filter(pk=token.pk).update(used_at=now)
