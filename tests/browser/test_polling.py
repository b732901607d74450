"""polling.js: one request per URL, retries, conditional requests, no requests while hidden."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser_helpers import OpenPage

# A server with prepared responses, and a sleep() that only records the delays.
SETUP = """
const { RequestQueue, HttpError, startPolling, retryDelay } =
  await import("/static/dashboard/js/polling.js");
const json = (data, etag) =>
  new Response(JSON.stringify(data), { headers: etag ? { ETag: etag } : {} });
const status = (status, headers) => new Response(status === 304 ? null : "{}", { status, headers });
const requests = [];
const delays = [];
const server = (...responses) => async (url, options) => {
  requests.push({ url, etag: options.headers["If-None-Match"] ?? null });
  const response = responses[Math.min(requests.length, responses.length) - 1];
  if (response instanceof Error) throw response;
  return response.clone();
};
const sleep = async (time) => { delays.push(time); };
const queueFor = (...responses) =>
  new RequestQueue({ fetch: server(...responses), sleep, random: () => 1 });
const outcome = (promise) =>
  promise.then((result) => result.data ?? result, (error) => error.status ?? error.name);
"""


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page(None, "/login")


def run(page: Page, script: str) -> Any:
    return page.evaluate(f"async () => {{ {SETUP} {script} }}")


class TestRequestQueue:
    def test_concurrent_requests_for_one_url_are_sent_once(self, page: Page) -> None:
        result = run(page, """
            const queue = queueFor(json({ n: 1 }));
            const both = await Promise.all([queue.get("/a"), queue.get("/a")]);
            const concurrent = requests.length;
            await queue.get("/b");
            await queue.get("/a");
            return [both.map(({ data }) => data.n), concurrent, requests.length];
        """)  # fmt: skip
        assert result == [[1, 1], 1, 3]

    def test_not_modified_returns_the_cached_data(self, page: Page) -> None:
        result = run(page, """
            const [one, two] = [json({ n: 1 }, 'W/"one"'), json({ n: 2 }, 'W/"two"')];
            const queue = queueFor(one, status(304), two);
            const results = [];
            for (let i = 0; i < 3; i += 1) results.push(await queue.get("/a"));
            const data = results.map(({ data, changed }) => [data.n, changed]);
            return [data, requests.map(({ etag }) => etag)];
        """)  # fmt: skip
        assert result == [[[1, True], [1, False], [2, True]], [None, 'W/"one"', 'W/"one"']]

    def test_gives_up_after_three_attempts(self, page: Page) -> None:
        result = run(page, """
            const error = await outcome(queueFor(status(503)).get("/a"));
            return [error, requests.length, delays];
        """)  # fmt: skip
        assert result == [503, 3, [400, 800]]

    def test_network_and_server_errors_are_retried(self, page: Page) -> None:
        result = run(page, """
            const queue = queueFor(new TypeError("offline"), status(500), json({ n: 7 }));
            const data = await outcome(queue.get("/a"));
            return [data, requests.length];
        """)  # fmt: skip
        assert result == [{"n": 7}, 3]

    @pytest.mark.parametrize("status", [400, 401, 403, 404])
    def test_client_errors_are_not_retried(self, page: Page, status: int) -> None:
        result = run(page, f"""
            const error = await outcome(queueFor(status({status})).get("/a"));
            return [error, requests.length, delays];
        """)  # fmt: skip
        assert result == [status, 1, []]

    def test_retry_after_sets_the_delay(self, page: Page) -> None:
        result = run(page, """
            await queueFor(status(429, { "Retry-After": "7" }), json({})).get("/a");
            return delays;
        """)  # fmt: skip
        assert result == [7000]

    def test_retry_delay_has_jitter_and_a_maximum(self, page: Page) -> None:
        result = run(page, """
            const delay = (failures, random) => retryDelay(failures, () => random);
            return [delay(0, 0), delay(0, 1), delay(3, 1), delay(20, 1)];
        """)  # fmt: skip
        assert result == [200, 400, 3200, 30_000]

    def test_abort_cancels_pending_requests_only(self, page: Page) -> None:
        result = run(page, """
            let signal = null;
            const pending = (url, options) => new Promise((_, reject) => {
              signal = options.signal;
              signal.addEventListener("abort", () => reject(signal.reason));
            });
            const queue = new RequestQueue({ fetch: pending, sleep });
            const first = outcome(queue.get("/a"));
            queue.abort();
            const error = await first;
            queue.get("/a").catch(() => {});
            return [error, signal.aborted, delays];
        """)  # fmt: skip
        assert result == ["AbortError", False, []]


# A document that can be hidden, and a record of states and data.
POLLING_SETUP = """
const view = Object.assign(new EventTarget(), { hidden: false });
const setHidden = (hidden) => {
  view.hidden = hidden;
  view.dispatchEvent(new Event("visibilitychange"));
};
const states = [];
const received = [];
const nextTask = () => new Promise((resolve) => setTimeout(resolve));
const poll = (queue) => startPolling("/a", {
  queue, view, interval: 1e8,
  onData: (data) => received.push(data), onState: (state) => states.push(state),
});
"""


class TestPolling:
    def test_pauses_while_hidden_and_resumes_at_once(self, page: Page) -> None:
        result = run(page, POLLING_SETUP + """
            const polling = poll(queueFor(json({ n: 1 })));
            setHidden(true);
            await polling.pollNow();
            const whileHidden = requests.length;
            setHidden(false);
            while (states.at(-1) !== "live") await nextTask();
            polling.stop();
            return [whileHidden, requests.length, received, states];
        """)  # fmt: skip
        assert result == [0, 1, [{"n": 1}], ["live", "paused", "polling", "live"]]

    def test_reports_only_changed_data(self, page: Page) -> None:
        result = run(page, POLLING_SETUP + """
            const polling = poll(queueFor(json({ n: 1 }, '"one"'), status(304)));
            await polling.pollNow();
            await polling.pollNow();
            polling.stop();
            return [requests.length, received];
        """)  # fmt: skip
        assert result == [2, [{"n": 1}]]

    @pytest.mark.parametrize(
        ("response", "state"),
        [("status(503)", "offline"), ("status(401)", "signed-out"), ("json({})", "live")],
    )
    def test_reports_the_state(self, page: Page, response: str, state: str) -> None:
        result = run(page, POLLING_SETUP + f"""
            const polling = poll(queueFor({response}));
            await polling.pollNow();
            polling.stop();
            return states;
        """)  # fmt: skip
        assert result == ["live", "polling", state]

    def test_can_be_paused(self, page: Page) -> None:
        result = run(page, POLLING_SETUP + """
            const polling = poll(queueFor(json({})));
            polling.setPaused(true);
            await polling.pollNow();
            const whilePaused = requests.length;
            polling.setPaused(false);
            await polling.pollNow();
            polling.stop();
            return [whilePaused, requests.length];
        """)  # fmt: skip
        assert result == [0, 1]

    def test_leaving_the_page_cancels_the_request(self, page: Page) -> None:
        result = run(page, POLLING_SETUP + """
            const signals = [];
            const pending = (url, options) => new Promise((_, reject) => {
              signals.push(options.signal);
              options.signal.addEventListener("abort", () => reject(options.signal.reason));
            });
            const polling = poll(new RequestQueue({ fetch: pending, sleep }));
            const request = polling.pollNow();
            dispatchEvent(new Event("pagehide"));
            await request;
            dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
            polling.stop();
            return [signals.map(({ aborted }) => aborted), states];
        """)  # fmt: skip
        assert result == [[True, True], ["live", "polling", "polling"]]

    def test_stop_ends_it(self, page: Page) -> None:
        result = run(page, POLLING_SETUP + """
            poll(queueFor(json({}))).stop();
            setHidden(false);
            dispatchEvent(new Event("online"));
            await nextTask();
            return requests.length;
        """)  # fmt: skip
        assert result == 0
