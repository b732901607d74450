"""asking.js: one flight for each address, tried again and later, kept by its tag, quiet unseen."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Look

# A server that answers what it is told to, and a clock that only notes how long was waited.
TOOLS = """
const { Queue, Refused, keepAsking, pause } = await import("/static/dashboard/js/polling.js");
const json = (data, etag) =>
  new Response(JSON.stringify(data), { headers: etag ? { ETag: etag } : {} });
const status = (status, headers) => new Response(status === 304 ? null : "{}", { status, headers });
const asked = [];
const waited = [];
const server = (...answers) => async (url, options) => {
  asked.push({ url, tag: options.headers["If-None-Match"] ?? null });
  const answer = answers[Math.min(asked.length, answers.length) - 1];
  if (answer instanceof Error) throw answer;
  return answer.clone();
};
const sleep = async (time) => { waited.push(time); };
const queue = (...answers) => new Queue({ fetch: server(...answers), sleep, random: () => 1 });
const outcome = (promise) =>
  promise.then((found) => found.data ?? found, (error) => error.status ?? error.name);
"""


@pytest.fixture
def page(look: Look) -> Page:
    return look(None, "/login")


def run(page: Page, script: str) -> Any:
    return page.evaluate(f"async () => {{ {TOOLS} {script} }}")


class TestTheQueue:
    def test_asks_once_for_all_who_want_the_same_at_the_same_time(self, page: Page) -> None:
        found = run(page, """
            const numbers = queue(json({ n: 1 }));
            const both = await Promise.all([numbers.ask("/a"), numbers.ask("/a")]);
            const asks = asked.length;
            await numbers.ask("/b");
            await numbers.ask("/a");
            return [both.map(({ data }) => data.n), asks, asked.length];
        """)  # fmt: skip
        assert found == [[1, 1], 1, 3]

    def test_gives_what_is_kept_where_the_server_has_nothing_newer(self, page: Page) -> None:
        found = run(page, """
            const [one, two] = [json({ n: 1 }, 'W/"one"'), json({ n: 2 }, 'W/"two"')];
            const numbers = queue(one, status(304), two);
            const told = [];
            for (const nth of [1, 2, 3]) told.push(await numbers.ask("/a"));
            const seen = told.map(({ data, changed }) => [data.n, changed]);
            return [seen, asked.map(({ tag }) => tag)];
        """)  # fmt: skip
        assert found == [[[1, True], [1, False], [2, True]], [None, 'W/"one"', 'W/"one"']]

    def test_tries_again_later_and_later_and_then_gives_up(self, page: Page) -> None:
        found = run(page, """
            const end = await outcome(queue(status(503)).ask("/a"));
            return [end, asked.length, waited];
        """)  # fmt: skip
        assert found == [503, 3, [400, 800]]

    def test_is_none_the_wiser_for_a_network_that_comes_back(self, page: Page) -> None:
        found = run(page, """
            const numbers = queue(new TypeError("gone"), status(500), json({ n: 7 }));
            const told = await outcome(numbers.ask("/a"));
            return [told, asked.length];
        """)  # fmt: skip
        assert found == [{"n": 7}, 3]

    @pytest.mark.parametrize("status", [400, 401, 403, 404])
    def test_does_not_repeat_what_is_refused_for_good(self, page: Page, status: int) -> None:
        script = f"return [await outcome(queue(status({status})).ask('/a')), asked.length, waited];"

        assert run(page, script) == [status, 1, []]

    def test_waits_as_long_as_the_server_asks_for(self, page: Page) -> None:
        found = run(page, """
            await queue(status(429, { "Retry-After": "7" }), json({})).ask("/a");
            return waited;
        """)  # fmt: skip
        assert found == [7000]

    def test_pauses_by_chance_a_little_less_and_never_too_long(self, page: Page) -> None:
        found = run(page, """
            return [pause(0, () => 0), pause(0, () => 1), pause(3, () => 1), pause(20, () => 1)];
        """)  # fmt: skip
        assert found == [200, 400, 3200, 30_000]

    def test_ends_what_is_under_way_and_asks_anew_afterwards(self, page: Page) -> None:
        found = run(page, """
            let signal = null;
            const never = (url, options) => new Promise((_, reject) => {
              signal = options.signal;
              signal.addEventListener("abort", () => reject(signal.reason));
            });
            const numbers = new Queue({ fetch: never, sleep });
            const first = outcome(numbers.ask("/a"));
            numbers.abort();
            const end = await first;
            numbers.ask("/a").catch(() => {});
            return [end, signal.aborted, waited];
        """)  # fmt: skip
        assert found == ["AbortError", False, []]


# A page that can be hidden, and a record of what was said and shown.
WATCH = """
const view = Object.assign(new EventTarget(), { hidden: false });
const hide = (hidden) => {
  view.hidden = hidden;
  view.dispatchEvent(new Event("visibilitychange"));
};
const states = [];
const shown = [];
const turn = () => new Promise((resolve) => setTimeout(resolve));
const keep = (numbers) => keepAsking("/a", {
  queue: numbers, view, every: 1e8,
  show: (data) => shown.push(data), state: (word) => states.push(word),
});
"""


class TestAPageThatKeepsAsking:
    def test_asks_nothing_while_it_is_hidden_and_at_once_when_it_is_back(self, page: Page) -> None:
        found = run(page, WATCH + """
            const asking = keep(queue(json({ n: 1 })));
            hide(true);
            await asking.now();
            const unseen = asked.length;
            hide(false);
            while (states.at(-1) !== "live") await turn();
            asking.end();
            return [unseen, asked.length, shown, states];
        """)  # fmt: skip
        assert found == [0, 1, [{"n": 1}], ["live", "resting", "asking", "live"]]

    def test_shows_only_what_is_new(self, page: Page) -> None:
        found = run(page, WATCH + """
            const asking = keep(queue(json({ n: 1 }, '"one"'), status(304)));
            await asking.now();
            await asking.now();
            asking.end();
            return [asked.length, shown];
        """)  # fmt: skip
        assert found == [2, [{"n": 1}]]

    @pytest.mark.parametrize(
        ("answer", "word"),
        [("status(503)", "offline"), ("status(401)", "signed-out"), ("json({})", "live")],
    )
    def test_says_how_it_stands(self, page: Page, answer: str, word: str) -> None:
        found = run(page, WATCH + f"""
            const asking = keep(queue({answer}));
            await asking.now();
            asking.end();
            return states;
        """)  # fmt: skip
        assert found == ["live", "asking", word]

    def test_rests_while_a_socket_brings_the_news(self, page: Page) -> None:
        found = run(page, WATCH + """
            const asking = keep(queue(json({})));
            asking.rest(true);
            await asking.now();
            const while_resting = asked.length;
            asking.rest(false);
            await asking.now();
            asking.end();
            return [while_resting, asked.length];
        """)  # fmt: skip
        assert found == [0, 1]

    def test_drops_what_is_under_way_when_the_page_is_left(self, page: Page) -> None:
        found = run(page, WATCH + """
            const signals = [];
            const never = (url, options) => new Promise((_, reject) => {
              signals.push(options.signal);
              options.signal.addEventListener("abort", () => reject(options.signal.reason));
            });
            const asking = keep(new Queue({ fetch: never, sleep }));
            const under = asking.now();
            dispatchEvent(new Event("pagehide"));
            await under;
            dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
            asking.end();
            return [signals.map(({ aborted }) => aborted), states];
        """)  # fmt: skip
        assert found == [[True, True], ["live", "asking", "asking"]]

    def test_asks_no_more_once_it_has_ended(self, page: Page) -> None:
        found = run(page, WATCH + """
            keep(queue(json({}))).end();
            hide(false);
            dispatchEvent(new Event("online"));
            await turn();
            return asked.length;
        """)  # fmt: skip
        assert found == 0
