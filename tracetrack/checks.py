"""System checks TT.E001…: settings that are fine one by one and contradict one another."""

from collections.abc import Callable, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

# What migrations, psql and a backup need beside the web server, and PostgreSQL's reserve of 3.
SPARE_CONNECTIONS = 10
SHORTEST_SECRET_KEY = 32


def check_connections_fit() -> CheckMessage | None:
    """All processes together must not open more connections than the server takes."""
    wanted = settings.WORKERS * settings.DB_POOL_MAX + SPARE_CONNECTIONS
    if wanted <= settings.DB_SERVER_CONNECTIONS:
        return None
    return Error(
        f"WORKERS x DB_POOL_MAX + {SPARE_CONNECTIONS} is {wanted}, more than the "
        f"{settings.DB_SERVER_CONNECTIONS} connections that the database server takes.",
        hint="Lower WORKERS or DB_POOL_MAX, or raise max_connections of the server "
        "and DB_SERVER_CONNECTIONS with it.",
        id="TT.E001",
    )


def check_pool_bounds() -> CheckMessage | None:
    """The least must not be above the most."""
    if settings.DB_POOL_MIN <= settings.DB_POOL_MAX:
        return None
    return Error(
        f"DB_POOL_MIN is {settings.DB_POOL_MIN}, DB_POOL_MAX is {settings.DB_POOL_MAX}.",
        hint="Make DB_POOL_MIN at most DB_POOL_MAX.",
        id="TT.E002",
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
    check_pool_bounds: Tags.compatibility,
    check_lock_comes_first: Tags.compatibility,
    check_debug_stays_home: Tags.security,
    check_https_can_be_seen: Tags.security,
    check_hosts_are_named: Tags.security,
    check_secret_key: Tags.security,
    check_shared_state: Tags.caches,
}


def register_all() -> None:
    """Have Django run every check of this page with its own."""
    for check, tag in CHECKS.items():
        register(_as_django_wants_it(check), tag)


def _as_django_wants_it(
    check: Callable[[], CheckMessage | None],
) -> Callable[..., list[CheckMessage]]:
    def run(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
        found = check()
        return [found] if found else []

    return run
