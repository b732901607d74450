"""Sites: which databases a run measures on, how long, and how to turn to one of them."""

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
    """Three sizes of one site, and how much patience there is. `seconds` scales every duration."""

    small: int
    middle: int
    full: int
    most_rounds: int
    seconds: float
    bars: bool

    @classmethod
    def chosen(cls) -> "Sites":
        """What the variable SIZE asks for: bags, or "small" for a quick pass, its shape alone."""
        if os.environ.get("SIZE") == "small":
            return cls(1500, 3000, 3000, most_rounds=1, seconds=0.02, bars=False)
        full = int(os.environ.get("SIZE") or 4_000_000)
        return cls(full // 100, full // 10, full, most_rounds=9, seconds=1.0, bars=True)

    @property
    def sizes(self) -> list[int]:
        """All sizes, each once, the smallest first."""
        return sorted({self.small, self.middle, self.full})

    def begin(self) -> None:
        """Make Django ready: the full site is its database, each other one has its number."""
        os.environ.update(site.environment(site.name(self.full)))
        os.environ["DB_STATEMENT_SECONDS"] = "600"
        os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
        django.setup()
        ready: dict[str, Any] = connections.databases[DEFAULT_DB_ALIAS]
        # One connection for each database: a pool would give out those of another one.
        ready["OPTIONS"] = {k: v for k, v in ready["OPTIONS"].items() if k != "pool"}


@contextmanager
def scratch(bags: int) -> Iterator[str]:
    """A copy of a site that may be written to, during a block; gives the name of its database."""
    # What is copied, and in the end dropped, must be left by everybody, us among them.
    connections.close_all()
    with site.scratch(bags) as database:
        try:
            yield database
        finally:
            connections.close_all()


@contextmanager
def on(database: str) -> Iterator[None]:
    """Have the product work on another database during a block: this thread, and new ones."""
    if database not in connections.databases:
        default = connections.databases[DEFAULT_DB_ALIAS]
        connections.databases[database] = default | {"NAME": database}
    usual = connections.databases[DEFAULT_DB_ALIAS]
    before, other = connections[DEFAULT_DB_ALIAS], connections[database]
    # The product must not notice: rows of two databases would refuse to know each other.
    other.alias = DEFAULT_DB_ALIAS
    connections[DEFAULT_DB_ALIAS] = other
    connections.databases[DEFAULT_DB_ALIAS] = connections.databases[database]
    try:
        yield
    finally:
        connections.databases[DEFAULT_DB_ALIAS] = usual
        connections[DEFAULT_DB_ALIAS] = before
