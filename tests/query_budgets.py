"""Query budgets of endpoints, in query_budgets.json; UPDATE_BUDGETS=1 writes them anew."""

import fcntl
import json
import os
from pathlib import Path

from django.test.utils import CaptureQueriesContext

FILE = Path(__file__).with_suffix(".json")


def check_budget(name: str, queries: CaptureQueriesContext) -> None:
    """Exactly as many queries as the budget says: fewer is news, too."""
    if os.environ.get("UPDATE_BUDGETS"):
        _write(name, len(queries))
    allowed = json.loads(FILE.read_text(encoding="utf-8")).get(name)
    statements = "\n".join(query["sql"] for query in queries)
    assert len(queries) == allowed, f"{name}: {len(queries)} queries, not {allowed}:\n{statements}"


def _write(name: str, count: int) -> None:
    with FILE.open("a+", encoding="utf-8") as file:
        # Several test processes may write at once.
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        budgets = json.loads(file.read() or "{}")
        file.truncate(0)
        json.dump(dict(sorted((budgets | {name: count}).items())), file, indent=2)
        file.write("\n")
