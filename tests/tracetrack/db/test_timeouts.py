"""What reads everything may take its time; everybody else's statements stay bounded."""

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from tests.factories import create_reference_data, make_parent, make_user
from tracetrack.db.timeouts import no_statement_timeout

pytestmark = pytest.mark.django_db


def ask(question):
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


def set_bound(bound):
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = {bound}")


class TestUnhurried:
    def test_lets_a_statement_take_longer_than_others_may(self):
        usual = ask("SHOW statement_timeout")
        set_bound("'20ms'")

        with no_statement_timeout():
            ask("SELECT pg_sleep(0.1) IS NULL")

        assert ask("SHOW statement_timeout") == usual

    @pytest.mark.django_db(transaction=True)
    def test_is_what_keeps_it_from_being_cut_off(self):
        set_bound("'20ms'")

        with pytest.raises(OperationalError, match="statement timeout"):
            ask("SELECT pg_sleep(0.1) IS NULL")

        set_bound("DEFAULT")

    @pytest.mark.parametrize("command", ["check_counters", "check_ledger", "count_rows"])
    def test_are_the_commands_that_read_everything(self, command, capsys):
        create_reference_data()
        make_user("ben", Role.OFFICE)
        make_parent("SB10001", children=2)
        usual = ask("SHOW statement_timeout")

        with CaptureQueriesContext(connection) as asked:
            call_command(command)

        texts = [query["sql"] for query in asked.captured_queries]
        assert texts[0] == "SET statement_timeout = 0"
        assert any("bags_bag" in text for text in texts)
        assert texts[-1] == "SET statement_timeout = DEFAULT"
        assert ask("SHOW statement_timeout") == usual
