"""Log-in, log-out and theme."""

from playwright.sync_api import Page, expect

from tests.browser_helpers import PASSWORD, OpenPage

LOG_IN_ERROR = "Wrong username or password, or account disabled."


def log_in(page: Page, username: str, password: str) -> None:
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


class TestLogIn:
    def test_redirects_to_the_requested_page(self, open_page: OpenPage) -> None:
        page = open_page(None, "/batches")

        log_in(page, "olive", PASSWORD)

        expect(page.get_by_role("heading", name="Batches")).to_be_visible()

    def test_same_error_for_wrong_password_and_unknown_user(self, open_page: OpenPage) -> None:
        page = open_page(None, "/login")
        errors = []
        for username in ("olive", "nobody"):
            log_in(page, username, "a-wrong-password")
            expect(page.get_by_label("Password")).to_be_focused()
            errors.append(page.get_by_role("alert").inner_text())

        assert errors == [LOG_IN_ERROR] * 2

    def test_log_out_ends_the_session(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/")
        page.get_by_text("Account, language and theme").locator("..").click()

        page.get_by_role("button", name="Log out").click()

        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
        page.goto("/bags")
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()


class TestTheme:
    def test_choice_applies_to_every_page(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/", theme="light")
        root = page.locator("html")
        expect(root).to_have_attribute("data-bs-theme", "light")
        page.get_by_text("Account, language and theme").locator("..").click()

        page.get_by_role("button", name="Dark").click()

        expect(root).to_have_attribute("data-bs-theme", "dark")
        page.goto("/batches")
        expect(root).to_have_attribute("data-bs-theme", "dark")

    def test_follows_the_system_by_default(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/", theme="dark")

        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
