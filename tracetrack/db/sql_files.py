"""sql("scans.hold_children") gives the text of scans/sql/hold_children.sql."""

from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@cache
def sql(name: str) -> str:
    """The statement kept under <app>/sql/<name>.sql; FileNotFoundError where there is none."""
    app, _, statement = name.partition(".")
    return (ROOT / app / "sql" / f"{statement}.sql").read_text(encoding="utf-8")
