"""Migration operation that installs SQL functions and triggers from `<app>/sql/functions/`.

The files hold the current text of each function, with the triggers that call it. After changing a
file, add a migration that installs it again. A test compares the database with the files.
"""

from typing import Any

from django.conf import settings
from django.db.migrations.operations.base import Operation

from tracetrack.db.sql_files import ROOT, sql


def function_names(app: str) -> list[str]:
    """Return the names of the SQL functions of `app`, without the prefix `<app>_`."""
    return sorted(path.stem for path in (ROOT / app / "sql" / "functions").glob("*.sql"))


def function_sql(app: str, name: str) -> str:
    """Return the statements of `<app>/sql/functions/<name>.sql`.

    `{BUSINESS_TIME_ZONE}` is replaced by the setting of that name.
    """
    return sql(f"{app}.functions/{name}").replace(
        "{BUSINESS_TIME_ZONE}", settings.BUSINESS_TIME_ZONE
    )


class InstallFunctions(Operation):
    """Create or replace SQL functions and their triggers; drop them when reversed."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, app: str, names: list[str]) -> None:
        self.app, self.names = app, names

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (type(self).__name__, [self.app, self.names], {})

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Change nothing: functions are not part of the models."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        # A function may call one that is installed after it.
        schema_editor.execute("SET LOCAL check_function_bodies = off")
        for name in self.names:
            schema_editor.execute(function_sql(self.app, name), params=None)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        for name in self.names:
            schema_editor.execute(f"DROP FUNCTION {self.app}_{name} CASCADE", params=None)

    def describe(self) -> str:
        return f"Install SQL functions of {self.app}: {', '.join(self.names)}"
