"""System checks TT.E001…: settings that are fine one by one and contradict one another."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

# What migrations, psql and a backup need beside the web server, and PostgreSQL's reserve of 3.
SPARE_CONNECTIONS = 10
SHORTEST_SECRET_KEY = 32


def check_database_settings(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Report numbers about the database that cannot all hold."""
    found: list[CheckMessage] = []
    wanted = settings.WORKERS * settings.DB_POOL_MAX + SPARE_CONNECTIONS
    if wanted > settings.DB_SERVER_CONNECTIONS:
        found.append(
            Error(
                f"WORKERS x DB_POOL_MAX + {SPARE_CONNECTIONS} is {wanted}, more than the "
                f"{settings.DB_SERVER_CONNECTIONS} connections that the database server takes.",
                hint="Lower WORKERS or DB_POOL_MAX, or raise max_connections of the server "
                "and DB_SERVER_CONNECTIONS with it.",
                id="TT.E001",
            )
        )
    if settings.DB_POOL_MIN > settings.DB_POOL_MAX:
        found.append(
            Error(
                f"DB_POOL_MIN is {settings.DB_POOL_MIN}, DB_POOL_MAX is {settings.DB_POOL_MAX}.",
                hint="Make DB_POOL_MIN at most DB_POOL_MAX.",
                id="TT.E002",
            )
        )
    if 0 < settings.DB_STATEMENT_SECONDS <= settings.DB_LOCK_SECONDS:
        found.append(
            Error(
                "DB_LOCK_SECONDS is not below DB_STATEMENT_SECONDS, so it would never act.",
                hint="Lower DB_LOCK_SECONDS: a scanner should hear of a lock first.",
                id="TT.E003",
            )
        )
    return found


def check_public_settings(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Report settings that would open the installation to the world, or shut it from everybody."""
    found: list[CheckMessage] = []
    public = sorted(set(settings.ALLOWED_HOSTS) - set(settings.LOCAL_HOSTS))
    if settings.DEBUG and public:
        found.append(
            Error(
                f"DEBUG is on and {public[0]} is in ALLOWED_HOSTS: errors would show secrets.",
                hint="Set DEBUG=false, or keep to localhost.",
                id="TT.E004",
            )
        )
    if settings.HTTPS and not settings.FORWARDED_ALLOW_IPS:
        found.append(
            Error(
                "HTTPS is on but nobody may say that a request came over it: every request "
                "would be sent to https:// for ever.",
                hint="Set FORWARDED_ALLOW_IPS to the addresses of the proxy that ends TLS "
                "(127.0.0.1 on the same machine), or HTTPS=false.",
                id="TT.E005",
            )
        )
    if not settings.LOCAL and "*" in settings.ALLOWED_HOSTS:
        found.append(
            Error(
                "ALLOWED_HOSTS is *: forged host names would end up in links.",
                hint="Name the hosts that people type.",
                id="TT.E006",
            )
        )
    if len(settings.SECRET_KEY) < SHORTEST_SECRET_KEY:
        found.append(
            Error(
                f"SECRET_KEY has fewer than {SHORTEST_SECRET_KEY} characters and can be guessed.",
                hint="python -c 'import secrets; print(secrets.token_urlsafe(64))' makes one.",
                id="TT.E007",
            )
        )
    return found


def check_shared_state(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Report what several processes would have to share and cannot."""
    if settings.LOCAL or settings.REDIS_URL or settings.WORKERS == 1:
        return []
    return [
        Warning(
            f"{settings.WORKERS} processes and no REDIS_URL: each counts limits and keeps cached "
            "answers for itself.",
            hint="Set REDIS_URL.",
            id="TT.W001",
        )
    ]
