"""record_scan() and the test oracle return the same verdicts and leave the same bags and ledger."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bags.models import Area
from tests.oracle_comparison import OracleComparison, actions


@pytest.mark.django_db
class TestRecordScan:
    # Without shrinking, which takes minutes; the message shows the first action that differs.
    @settings(
        max_examples=50,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(st.lists(actions, min_size=10, max_size=60))
    def test_agrees_with_the_oracle(self, sequence):
        comparison = OracleComparison()
        with transaction.atomic():
            comparison.prepare()
            for action in sequence:
                verdict, expected = comparison.perform(action)
                assert verdict == expected, action
            comparison.check_tables()
            transaction.set_rollback(True)
        assert not Area.objects.exists()
