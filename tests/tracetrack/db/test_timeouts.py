"""no_statement_timeout() and the commands that use it."""

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from tests.factories import create_reference_data, make_parent, make_user
from tracetrack.db.timeouts import no_statement_timeout

pytestmark = pytest.mark.django_db


def query(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def set_timeout(timeout):
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = {timeout}")


class TestNoStatementTimeout:
    def test_allows_long_statements(self):
        before = query("SHOW statement_timeout")
        set_timeout("'20ms'")

        with no_statement_timeout():
            query("SELECT pg_sleep(0.1) IS NULL")

        assert query("SHOW statement_timeout") == before

    @pytest.mark.django_db(transaction=True)
    def test_long_statements_are_cancelled_without_it(self):
        set_timeout("'20ms'")

        with pytest.raises(OperationalError, match="statement timeout"):
            query("SELECT pg_sleep(0.1) IS NULL")

        set_timeout("DEFAULT")

    @pytest.mark.parametrize("command", ["check_counters", "check_ledger", "count_rows"])
    def test_is_used_by_commands_that_read_whole_tables(self, command, capsys):
        create_reference_data()
        make_user("ben", Role.OFFICE)
        make_parent("SB10001", children=2)
        before = query("SHOW statement_timeout")

        with CaptureQueriesContext(connection) as captured:
            call_command(command)

        texts = [query["sql"] for query in captured.captured_queries]
        assert texts[0] == "SET statement_timeout = 0"
        assert any("bags_bag" in text for text in texts)
        assert texts[-1] == "SET statement_timeout = DEFAULT"
        assert query("SHOW statement_timeout") == before
