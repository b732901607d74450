"""The breaker, with a clock moved by hand."""

from tracetrack.cache.breaker import Breaker


class TestBreaker:
    def test_opens_rests_and_sends_one_probe(self) -> None:
        now = [0.0]
        breaker = Breaker(failures=3, rest=5.0, clock=lambda: now[0])
        for _ in range(2):
            breaker.failed()
        assert breaker.admits()
        breaker.failed()
        assert (breaker.state, breaker.admits()) == ("open", False)

        now[0] = 5.0
        assert breaker.state == "half-open"
        assert [breaker.admits() for _ in range(3)] == [True, False, False]
        breaker.failed()
        now[0] = 9.9
        assert not breaker.admits()
        now[0] = 10.0
        assert breaker.admits()
        breaker.succeeded()
        assert (breaker.state, breaker.admits()) == ("closed", True)

    def test_counts_failures_in_a_row_only(self) -> None:
        breaker = Breaker(failures=2, rest=5.0)
        for _ in range(3):
            breaker.failed()
            breaker.succeeded()

        assert breaker.state == "closed"
