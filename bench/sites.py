"""Sizes and durations of a run, and switching between databases."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import django
from django.db import connections
from django.db.utils import DEFAULT_DB_ALIAS

from bench import site

SETTINGS = "bench.project"


@dataclass(frozen=True, slots=True)
class Sites:
    """Three sizes of a site and the length of a run. `seconds` scales every duration."""

    small: int
    middle: int
    full: int
    max_rounds: int
    seconds: float
    bars: bool

    @classmethod
    def from_environment(cls) -> "Sites":
        """Read the variable SIZE: a number of bags, or "small" for a quick run without bars."""
        if os.environ.get("SIZE") == "small":
            return cls(1500, 3000, 3000, max_rounds=1, seconds=0.02, bars=False)
        full = int(os.environ.get("SIZE") or 4_000_000)
        return cls(full // 100, full // 10, full, max_rounds=9, seconds=1.0, bars=True)

    @property
    def sizes(self) -> list[int]:
        """Return all sizes once, the smallest first."""
        return sorted({self.small, self.middle, self.full})

    def begin(self) -> None:
        """Set up Django with the full site as its database."""
        os.environ.update(site.environment(site.name(self.full)))
        os.environ["DB_STATEMENT_SECONDS"] = "600"
        os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
        django.setup()
        ready: dict[str, Any] = connections.databases[DEFAULT_DB_ALIAS]
        # No pool: it would hand out connections to another database.
        ready["OPTIONS"] = {k: v for k, v in ready["OPTIONS"].items() if k != "pool"}


@contextmanager
def scratch(bags: int) -> Iterator[str]:
    """Create a writable copy of a database during a block and yield its name."""
    # A template database must have no connections.
    connections.close_all()
    with site.scratch(bags) as database:
        try:
            yield database
        finally:
            connections.close_all()


@contextmanager
def on(database: str) -> Iterator[None]:
    """Use another database during a block, in this thread and in new ones."""
    if database not in connections.databases:
        default = connections.databases[DEFAULT_DB_ALIAS]
        connections.databases[database] = default | {"NAME": database}
    usual = connections.databases[DEFAULT_DB_ALIAS]
    before, other = connections[DEFAULT_DB_ALIAS], connections[database]
    # The alias must stay the same: Django refuses relations between databases.
    other.alias = DEFAULT_DB_ALIAS
    connections[DEFAULT_DB_ALIAS] = other
    connections.databases[DEFAULT_DB_ALIAS] = connections.databases[database]
    try:
        yield
    finally:
        connections.databases[DEFAULT_DB_ALIAS] = usual
        connections[DEFAULT_DB_ALIAS] = before
