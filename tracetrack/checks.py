"""System checks TT.E001 and up: settings that contradict each other."""

from collections.abc import Callable, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection
from psycopg import Error as PsycopgError
from psycopg import connect

MIN_SECRET_KEY_CHARS = 32
TIMEOUT_SECONDS = 2
# The web server runs the checks with this tag when it starts: these, and none of Django.
TAG = "tracetrack"


def check_connections_fit() -> CheckMessage | None:
    """All processes together must not open more connections than the server allows."""
    needed = settings.DB_POOL_BASE + settings.DB_POOL_EXTRA + settings.DB_SPARE_CONNECTIONS
    if needed <= settings.DB_SERVER_CONNECTIONS:
        return None
    return Error(
        f"DB_POOL_BASE + DB_POOL_EXTRA and {settings.DB_SPARE_CONNECTIONS} spare connections are "
        f"{needed}, more than the {settings.DB_SERVER_CONNECTIONS} connections that the "
        "database server allows.",
        hint="Lower DB_POOL_BASE or DB_POOL_EXTRA, or raise max_connections of the server "
        "and DB_SERVER_CONNECTIONS with it.",
        id="TT.E001",
    )


def check_each_process_has_a_connection() -> CheckMessage | None:
    """Each process needs at least one connection."""
    if settings.DB_POOL_BASE + settings.DB_POOL_EXTRA >= settings.WORKERS:
        return None
    return Error(
        f"DB_POOL_BASE + DB_POOL_EXTRA is less than the {settings.WORKERS} WORKERS.",
        hint="Raise DB_POOL_BASE or DB_POOL_EXTRA: each process needs a connection.",
        id="TT.E002",
    )


def check_max_connections() -> CheckMessage | None:
    """The database server, if it is reachable, must allow DB_SERVER_CONNECTIONS."""
    allowed = _max_connections()
    if allowed is None or allowed >= settings.DB_SERVER_CONNECTIONS:
        return None
    return Error(
        f"The database server allows {allowed} connections, but DB_SERVER_CONNECTIONS is "
        f"{settings.DB_SERVER_CONNECTIONS}.",
        hint="Set DB_SERVER_CONNECTIONS to max_connections of the server, or raise the latter.",
        id="TT.E008",
    )


def check_threads_exceed_waiting() -> CheckMessage | None:
    """Requests that wait for a connection hold a thread; rejecting others needs one more."""
    if settings.THREADS > settings.DB_POOL_MAX + settings.DB_POOL_WAITING:
        return None
    return Warning(
        f"THREADS is {settings.THREADS}, no more than the {settings.DB_POOL_MAX} connections of a "
        f"process and the {settings.DB_POOL_WAITING} of DB_POOL_WAITING: under overload "
        "requests wait for a thread instead of getting 503.",
        hint="Raise THREADS, or lower DB_POOL_WAITING.",
        id="TT.W002",
    )


def check_cdn_has_hashed_names() -> CheckMessage | None:
    """A CDN caches files for a year, so each content needs its own name."""
    if settings.STATIC_HASHED or not settings.STATIC_CDN:
        return None
    return Error(
        "STATIC_CDN is set, but STATIC_HASHED is off: the CDN would serve outdated files.",
        hint="Set STATIC_HASHED=true and run collectstatic, or unset STATIC_CDN.",
        id="TT.E009",
    )


def check_lock_timeout() -> CheckMessage | None:
    """lock_timeout must be shorter than statement_timeout, which would otherwise act first."""
    if not 0 < settings.DB_STATEMENT_SECONDS <= settings.DB_LOCK_SECONDS:
        return None
    return Error(
        "DB_LOCK_SECONDS is not less than DB_STATEMENT_SECONDS, so it has no effect.",
        hint="Lower DB_LOCK_SECONDS, so that clients get the error about the lock.",
        id="TT.E003",
    )


def check_debug_is_local() -> CheckMessage | None:
    """Error pages of DEBUG show code and settings, so they must not be public."""
    public = sorted(set(settings.ALLOWED_HOSTS) - set(settings.LOCAL_HOSTS))
    if not settings.DEBUG or not public:
        return None
    return Error(
        f"DEBUG is on and {public[0]} is in ALLOWED_HOSTS: errors would show secrets.",
        hint="Set DEBUG=false, or allow local hosts only.",
        id="TT.E004",
    )


def check_https_is_detectable() -> CheckMessage | None:
    """With HTTPS, a trusted proxy has to state that a request arrived over it."""
    if not settings.HTTPS or settings.FORWARDED_ALLOW_IPS:
        return None
    return Error(
        "HTTPS is on, but no proxy is trusted to state that a request arrived over it: every "
        "request would be redirected to https:// in a loop.",
        hint="Set FORWARDED_ALLOW_IPS to the addresses of the proxy that terminates TLS "
        "(127.0.0.1 on the same machine), or HTTPS=false.",
        id="TT.E005",
    )


def check_allowed_hosts() -> CheckMessage | None:
    """A deployed server must list its host names."""
    if settings.LOCAL or "*" not in settings.ALLOWED_HOSTS:
        return None
    return Error(
        "ALLOWED_HOSTS is *: forged Host headers would appear in links.",
        hint="List the host names of the site.",
        id="TT.E006",
    )


def check_secret_key() -> CheckMessage | None:
    """The key that signs sessions must not be guessable."""
    if len(settings.SECRET_KEY) >= MIN_SECRET_KEY_CHARS:
        return None
    return Error(
        f"SECRET_KEY has fewer than {MIN_SECRET_KEY_CHARS} characters and can be guessed.",
        hint="python -c 'import secrets; print(secrets.token_urlsafe(64))' generates one.",
        id="TT.E007",
    )


def check_shared_state() -> CheckMessage | None:
    """Several processes need Redis for rate limits and the cache."""
    if settings.LOCAL or settings.REDIS_URL or settings.WORKERS == 1:
        return None
    return Warning(
        f"WORKERS is {settings.WORKERS} and REDIS_URL is not set: each process has its own rate "
        "limits and cache.",
        hint="Set REDIS_URL.",
        id="TT.W001",
    )


CHECKS: dict[Callable[[], CheckMessage | None], str] = {
    check_connections_fit: Tags.compatibility,
    check_each_process_has_a_connection: Tags.compatibility,
    check_threads_exceed_waiting: Tags.compatibility,
    check_max_connections: Tags.database,
    check_lock_timeout: Tags.compatibility,
    check_debug_is_local: Tags.security,
    check_https_is_detectable: Tags.security,
    check_allowed_hosts: Tags.security,
    check_secret_key: Tags.security,
    check_cdn_has_hashed_names: Tags.staticfiles,
    check_shared_state: Tags.caches,
}


def register_all() -> None:
    """Register the checks of this module."""
    for check, tag in CHECKS.items():
        register(_as_check_function(check), tag, TAG)


def _max_connections() -> int | None:
    params = connection.get_connection_params() | {"connect_timeout": TIMEOUT_SECONDS}
    try:
        # Not from the pool, which would wait for a server that is not running.
        with connect(**params) as direct:
            found = direct.execute("SELECT current_setting('max_connections')::int").fetchone()
    except PsycopgError:
        return None
    return int(found[0]) if found else None


def _as_check_function(
    check: Callable[[], CheckMessage | None],
) -> Callable[..., list[CheckMessage]]:
    def run(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
        found = check()
        return [found] if found else []

    return run
