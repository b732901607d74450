"""System checks TT.E001…: settings that are fine one by one and contradict one another."""

from collections.abc import Callable, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection
from psycopg import Error as PsycopgError
from psycopg import connect

SHORTEST_SECRET_KEY = 32
PATIENCE_SECONDS = 2
# What the web server asks before it starts: all of these, and none of Django's own.
TAG = "tracetrack"


def check_connections_fit() -> CheckMessage | None:
    """All processes together must not open more connections than the server takes."""
    wanted = settings.DB_POOL_BASE + settings.DB_POOL_EXTRA + settings.DB_SPARE_CONNECTIONS
    if wanted <= settings.DB_SERVER_CONNECTIONS:
        return None
    return Error(
        f"DB_POOL_BASE + DB_POOL_EXTRA and {settings.DB_SPARE_CONNECTIONS} to spare make "
        f"{wanted}, more than the {settings.DB_SERVER_CONNECTIONS} connections that the "
        "database server takes.",
        hint="Lower DB_POOL_BASE or DB_POOL_EXTRA, or raise max_connections of the server "
        "and DB_SERVER_CONNECTIONS with it.",
        id="TT.E001",
    )


def check_everybody_has_one() -> CheckMessage | None:
    """Every process must have its share of the connections."""
    if settings.DB_POOL_BASE + settings.DB_POOL_EXTRA >= settings.WORKERS:
        return None
    return Error(
        f"DB_POOL_BASE + DB_POOL_EXTRA are fewer than the {settings.WORKERS} WORKERS.",
        hint="Give every process at least one connection.",
        id="TT.E002",
    )


def check_server_keeps_its_word() -> CheckMessage | None:
    """The server, where it can be asked, must take as many connections as the settings say."""
    given = _max_connections()
    if given is None or given >= settings.DB_SERVER_CONNECTIONS:
        return None
    return Error(
        f"The database server takes {given} connections, DB_SERVER_CONNECTIONS says "
        f"{settings.DB_SERVER_CONNECTIONS}.",
        hint="Set DB_SERVER_CONNECTIONS to its max_connections, or raise that.",
        id="TT.E008",
    )


def check_queue_can_be_full() -> CheckMessage | None:
    """Who waits for a connection holds a thread; the others need one to hear that it is full."""
    if settings.THREADS > settings.DB_POOL_MAX + settings.DB_POOL_WAITING:
        return None
    return Warning(
        f"THREADS is {settings.THREADS}, no more than the {settings.DB_POOL_MAX} connections of a "
        f"process and the {settings.DB_POOL_WAITING} of DB_POOL_WAITING: under overload nobody "
        "hears “try again”, everybody waits.",
        hint="Raise THREADS, or lower DB_POOL_WAITING.",
        id="TT.W002",
    )


def check_cdn_has_hashes() -> CheckMessage | None:
    """What a CDN keeps for a year must never change under its name."""
    if settings.STATIC_HASHED or not settings.STATIC_CDN:
        return None
    return Error(
        "STATIC_CDN is set, but STATIC_HASHED is off: the CDN would keep what has changed since.",
        hint="Set STATIC_HASHED=true and run collectstatic, or leave STATIC_CDN out.",
        id="TT.E009",
    )


def check_lock_comes_first() -> CheckMessage | None:
    """Waiting for a lock must end before the statement does, or nobody hears of the lock."""
    if not 0 < settings.DB_STATEMENT_SECONDS <= settings.DB_LOCK_SECONDS:
        return None
    return Error(
        "DB_LOCK_SECONDS is not below DB_STATEMENT_SECONDS, so it would never act.",
        hint="Lower DB_LOCK_SECONDS: a scanner should hear of a lock first.",
        id="TT.E003",
    )


def check_debug_stays_home() -> CheckMessage | None:
    """Error pages with the code in them must not be public."""
    public = sorted(set(settings.ALLOWED_HOSTS) - set(settings.LOCAL_HOSTS))
    if not settings.DEBUG or not public:
        return None
    return Error(
        f"DEBUG is on and {public[0]} is in ALLOWED_HOSTS: errors would show secrets.",
        hint="Set DEBUG=false, or keep to localhost.",
        id="TT.E004",
    )


def check_https_can_be_seen() -> CheckMessage | None:
    """Somebody must be trusted to say that a request came over HTTPS."""
    if not settings.HTTPS or settings.FORWARDED_ALLOW_IPS:
        return None
    return Error(
        "HTTPS is on but nobody may say that a request came over it: every request "
        "would be sent to https:// for ever.",
        hint="Set FORWARDED_ALLOW_IPS to the addresses of the proxy that ends TLS "
        "(127.0.0.1 on the same machine), or HTTPS=false.",
        id="TT.E005",
    )


def check_hosts_are_named() -> CheckMessage | None:
    """A deployed server must know its names."""
    if settings.LOCAL or "*" not in settings.ALLOWED_HOSTS:
        return None
    return Error(
        "ALLOWED_HOSTS is *: forged host names would end up in links.",
        hint="Name the hosts that people type.",
        id="TT.E006",
    )


def check_secret_key() -> CheckMessage | None:
    """The key that signs sessions must not be guessable."""
    if len(settings.SECRET_KEY) >= SHORTEST_SECRET_KEY:
        return None
    return Error(
        f"SECRET_KEY has fewer than {SHORTEST_SECRET_KEY} characters and can be guessed.",
        hint="python -c 'import secrets; print(secrets.token_urlsafe(64))' makes one.",
        id="TT.E007",
    )


def check_shared_state() -> CheckMessage | None:
    """Several processes need a place for what they share."""
    if settings.LOCAL or settings.REDIS_URL or settings.WORKERS == 1:
        return None
    return Warning(
        f"{settings.WORKERS} processes and no REDIS_URL: each counts limits and keeps cached "
        "answers for itself.",
        hint="Set REDIS_URL.",
        id="TT.W001",
    )


CHECKS: dict[Callable[[], CheckMessage | None], str] = {
    check_connections_fit: Tags.compatibility,
    check_everybody_has_one: Tags.compatibility,
    check_queue_can_be_full: Tags.compatibility,
    check_server_keeps_its_word: Tags.database,
    check_lock_comes_first: Tags.compatibility,
    check_debug_stays_home: Tags.security,
    check_https_can_be_seen: Tags.security,
    check_hosts_are_named: Tags.security,
    check_secret_key: Tags.security,
    check_cdn_has_hashes: Tags.staticfiles,
    check_shared_state: Tags.caches,
}


def register_all() -> None:
    """Have Django run every check of this page with its own."""
    for check, tag in CHECKS.items():
        register(_as_django_wants_it(check), tag, TAG)


def _max_connections() -> int | None:
    asked = connection.get_connection_params() | {"connect_timeout": PATIENCE_SECONDS}
    try:
        # Not from the pool, which would wait for a server that is not there yet.
        with connect(**asked) as direct:
            found = direct.execute("SELECT current_setting('max_connections')::int").fetchone()
    except PsycopgError:
        return None
    return int(found[0]) if found else None


def _as_django_wants_it(
    check: Callable[[], CheckMessage | None],
) -> Callable[..., list[CheckMessage]]:
    def run(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
        found = check()
        return [found] if found else []

    return run
