"""The sites that are measured: seeded once, kept under .local/bench, each a database of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from tracetrack.db.embedded import cluster

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(os.environ.get("BENCH_DATA", ROOT / ".local" / "bench")).absolute()
# Raised when what the seeding makes changes, so that nobody measures on an old site.
MADE = "seeded 2"
SCANS_PER_BAG = 2.5
SCRATCH = "scratch"


def url(database: str) -> str:
    """The address of one database of the bench's own server."""
    return cluster.url(FOLDER).replace(f"/{cluster.NAME}?", f"/{database}?")


def name(bags: int) -> str:
    """The database that holds a site of so many bags."""
    return f"site_{bags}"


@contextmanager
def server() -> Iterator[None]:
    """The bench's own PostgreSQL during a block, as durable as in production."""
    with cluster.using(FOLDER):
        # A load of millions of rows must not wait for a checkpoint every second.
        _run("ALTER SYSTEM SET max_wal_size = '4GB'", "SELECT pg_reload_conf()")
        yield


def prepare(bags: int) -> None:
    """Make the site of so many bags unless it is there; bring its tables up to date."""
    database = name(bags)
    if _remark(database) != MADE:
        _run(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)", f"CREATE DATABASE {database}")
        _manage(database, "migrate", "--verbosity=0", "--skip-checks")
        _manage(
            database,
            "seed",
            f"--bags={bags}",
            f"--scans={int(bags * SCANS_PER_BAG)}",
            "--skip-checks",
        )
        _run(f"COMMENT ON DATABASE {database} IS '{MADE}'")
    _manage(database, "migrate", "--verbosity=0", "--skip-checks")


@contextmanager
def scratch(bags: int) -> Iterator[str]:
    """A copy of a site that may be written to, during a block; gives the name of its database."""
    source = name(bags)
    drop = f"DROP DATABASE IF EXISTS {SCRATCH} WITH (FORCE)"
    copy = f"CREATE DATABASE {SCRATCH} TEMPLATE {source} STRATEGY FILE_COPY"
    # Nobody may be connected to what is copied; our own pools come back by themselves.
    _run(drop, f"ALTER DATABASE {source} ALLOW_CONNECTIONS false")
    try:
        _end_sessions(source)
        _run(copy)
    finally:
        _run(f"ALTER DATABASE {source} ALLOW_CONNECTIONS true")
    try:
        yield SCRATCH
    finally:
        _run(drop)


def environment(database: str) -> dict[str, str]:
    """The variables with which the product works on one of these databases."""
    return os.environ | {
        "DATABASE_URL": url(database),
        "DB_SERVER_CONNECTIONS": cluster.SETTINGS["max_connections"],
        "SECRET_KEY": "only-for-the-bench-only-for-the-bench-only-for-it",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "HTTPS": "false",
        "STATIC_HASHED": "false",
        "LOG_LEVEL": "WARNING",
        # A bench asks more often than anybody may.
        "RATE_LIMITS": "off",
    }


def _manage(database: str, *words: str) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), *words]
    subprocess.run(command, check=True, cwd=ROOT, env=environment(database))


def _remark(database: str) -> str | None:
    with psycopg.connect(cluster.url(FOLDER)) as connection:
        found = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [database],
        ).fetchone()
    return found[0] if found else None


def _end_sessions(database: str) -> None:
    with psycopg.connect(cluster.url(FOLDER), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
            [database],
        )


def _run(*statements: str) -> None:
    with psycopg.connect(cluster.url(FOLDER), autocommit=True) as connection:
        for statement in statements:
            connection.execute(sql.SQL(statement))
