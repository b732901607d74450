"""The SQL functions in the database are those of the files under `<app>/sql/functions/`."""

import pytest
from django.db import connection

from tracetrack.db.sql_functions import function_names, function_sql

APPS = ("accounts", "audit", "bags", "scans", "dashboard", "webhooks")
FUNCTIONS = """
    SELECT p.proname, pg_get_functiondef(p.oid)
    FROM pg_proc AS p LEFT JOIN pg_depend AS d ON d.objid = p.oid AND d.deptype = 'e'
    WHERE p.pronamespace = 'public'::regnamespace AND d.objid IS NULL AND p.prokind = 'f'
        AND p.proname NOT LIKE 'procrastinate%'
"""
TRIGGERS = """
    SELECT c.relname || '.' || t.tgname, pg_get_triggerdef(t.oid)
    FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND c.relname NOT LIKE 'procrastinate%'
"""


def definitions(query: str) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return dict(cursor.fetchall())


def reinstall() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL check_function_bodies = off")
        for app in APPS:
            for name in function_names(app):
                cursor.execute(function_sql(app, name))


@pytest.mark.django_db
class TestSqlFunctions:
    def test_every_function_in_the_database_has_a_file(self):
        files = {f"{app}_{name}" for app in APPS for name in function_names(app)}

        assert set(definitions(FUNCTIONS)) == files

    @pytest.mark.parametrize("query", [FUNCTIONS, TRIGGERS], ids=["functions", "triggers"])
    def test_the_database_has_the_current_text(self, query):
        before = definitions(query)
        reinstall()

        assert definitions(query) == before

    def test_every_file_begins_with_its_purpose(self):
        texts = {f"{app}/{n}": function_sql(app, n) for app in APPS for n in function_names(app)}

        assert [name for name, text in texts.items() if not text.startswith("-- ")] == []
