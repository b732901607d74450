"""Databases for the benchmark: seeded once and stored under .local/bench."""

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
# Change this when the seeding changes, so that old databases are seeded again.
SEED_VERSION = "seeded 2"
SCANS_PER_BAG = 2.5
SCRATCH = "scratch"


def url(database: str) -> str:
    """Return the URL of a database of the benchmark server."""
    return cluster.url(FOLDER).replace(f"/{cluster.NAME}?", f"/{database}?")


def name(bags: int) -> str:
    """Return the name of the database with this number of bags."""
    return f"site_{bags}"


@contextmanager
def server() -> Iterator[None]:
    """Run the benchmark's PostgreSQL during a block, with durable settings."""
    with cluster.using(FOLDER):
        # A load of millions of rows must not wait for a checkpoint every second.
        _run("ALTER SYSTEM SET max_wal_size = '4GB'", "SELECT pg_reload_conf()")
        yield


def prepare(bags: int) -> None:
    """Create the database with this number of bags unless it exists, and migrate it."""
    database = name(bags)
    if _comment(database) != SEED_VERSION:
        _run(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)", f"CREATE DATABASE {database}")
        _manage(database, "migrate", "--verbosity=0", "--skip-checks")
        _manage(
            database,
            "seed",
            f"--bags={bags}",
            f"--scans={int(bags * SCANS_PER_BAG)}",
            "--skip-checks",
        )
        _run(f"COMMENT ON DATABASE {database} IS '{SEED_VERSION}'")
    _manage(database, "migrate", "--verbosity=0", "--skip-checks")


@contextmanager
def scratch(bags: int) -> Iterator[str]:
    """Create a writable copy of a database during a block and yield its name."""
    source = name(bags)
    drop = f"DROP DATABASE IF EXISTS {SCRATCH} WITH (FORCE)"
    copy = f"CREATE DATABASE {SCRATCH} TEMPLATE {source} STRATEGY FILE_COPY"
    # A template database must have no connections; the pools reconnect by themselves.
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
    """Return the environment variables for the product on one of these databases."""
    return os.environ | {
        "DATABASE_URL": url(database),
        "DB_SERVER_CONNECTIONS": cluster.SETTINGS["max_connections"],
        "SECRET_KEY": "only-for-the-bench-only-for-the-bench-only-for-it",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "HTTPS": "false",
        "STATIC_HASHED": "false",
        "LOG_LEVEL": "WARNING",
        # The benchmark exceeds all limits.
        "RATE_LIMITS": "off",
    }


def _manage(database: str, *words: str) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), *words]
    subprocess.run(command, check=True, cwd=ROOT, env=environment(database))


def _comment(database: str) -> str | None:
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
