"""The page that shows the API: it works under the policy of every page, and tries calls out."""

from playwright.sync_api import expect

from tests.browser.conftest import Look


class TestThePageOfTheApi:
    def test_shows_every_endpoint_and_complains_of_nothing(self, look: Look) -> None:
        page = look("asha", "/api/v3/docs")

        expect(
            page.locator(".opblock-summary-path", has_text="/api/v3/bags/stream")
        ).to_be_visible()
        assert page.locator(".opblock").count() > 30

    def test_tries_a_call_in_the_name_of_who_looks(self, look: Look) -> None:
        page = look("asha", "/api/v3/docs")

        one = page.locator("#operations-account-get_users_me")
        one.locator(".opblock-summary-control").click()
        one.get_by_role("button", name="Try it out").click()
        one.get_by_role("button", name="Execute").click()

        expect(one.locator(".live-responses-table .response-col_status").last).to_contain_text(
            "200"
        )
        expect(one.locator(".live-responses-table")).to_contain_text("asha")

    def test_changes_something_with_the_proof_that_a_browser_needs(self, look: Look) -> None:
        page = look("asha", "/api/v3/docs")

        one = page.locator("#operations-tokens-post_tokens")
        one.locator(".opblock-summary-control").click()
        one.get_by_role("button", name="Try it out").click()
        one.get_by_role("button", name="Execute").click()

        expect(one.locator(".live-responses-table .response-col_status").last).to_contain_text(
            "201"
        )
