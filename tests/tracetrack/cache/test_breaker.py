"""The circuit breaker, with a manual clock."""

from tracetrack.cache.breaker import CircuitBreaker


class TestBreaker:
    def test_opens_and_allows_one_probe_after_each_rest(self) -> None:
        now = [0.0]
        breaker = CircuitBreaker(failures=3, rest=5.0, clock=lambda: now[0])
        for _ in range(2):
            breaker.record_failure()
        assert breaker.allows_call()
        breaker.record_failure()
        assert (breaker.state, breaker.allows_call()) == ("open", False)

        now[0] = 5.0
        assert breaker.state == "half-open"
        assert [breaker.allows_call() for _ in range(3)] == [True, False, False]
        breaker.record_failure()
        now[0] = 9.9
        assert not breaker.allows_call()
        now[0] = 10.0
        assert breaker.allows_call()
        breaker.record_success()
        assert (breaker.state, breaker.allows_call()) == ("closed", True)

    def test_a_success_resets_the_counter(self) -> None:
        breaker = CircuitBreaker(failures=2, rest=5.0)
        for _ in range(3):
            breaker.record_failure()
            breaker.record_success()

        assert breaker.state == "closed"
