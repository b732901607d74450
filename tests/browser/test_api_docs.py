"""The API docs page: Swagger UI works under the Content Security Policy and sends requests."""

from playwright.sync_api import expect

from tests.browser_helpers import OpenPage

STATUS = ".live-responses-table .response-col_status"


class TestApiDocs:
    def test_shows_every_endpoint(self, open_page: OpenPage) -> None:
        page = open_page("asha", "/api/v3/docs")

        path = page.locator(".opblock-summary-path", has_text="/api/v3/bags/stream")
        expect(path).to_be_visible()
        assert page.locator(".opblock").count() > 30

    def test_sends_get_requests_as_the_user(self, open_page: OpenPage) -> None:
        page = open_page("asha", "/api/v3/docs")

        operation = page.locator("#operations-account-get_users_me")
        operation.locator(".opblock-summary-control").click()
        operation.get_by_role("button", name="Try it out").click()
        operation.get_by_role("button", name="Execute").click()

        expect(operation.locator(STATUS).last).to_contain_text("200")
        expect(operation.locator(".live-responses-table")).to_contain_text("asha")

    def test_sends_post_requests_with_the_csrf_token(self, open_page: OpenPage) -> None:
        page = open_page("asha", "/api/v3/docs")

        operation = page.locator("#operations-tokens-post_tokens")
        operation.locator(".opblock-summary-control").click()
        operation.get_by_role("button", name="Try it out").click()
        operation.get_by_role("button", name="Execute").click()

        expect(operation.locator(STATUS).last).to_contain_text("201")
