"""Loads SQL from files: sql("scans.load") returns the text of scans/sql/load.sql."""

from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@cache
def sql(name: str) -> str:
    """Return the text of <app>/sql/<name>.sql; `name` is "<app>.<name>".

    Raises FileNotFoundError if there is no such file.
    """
    app, _, statement = name.partition(".")
    return (ROOT / app / "sql" / f"{statement}.sql").read_text(encoding="utf-8")
