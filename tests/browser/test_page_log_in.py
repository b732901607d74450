"""The way in and the way out, as a person goes it."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, Look


def log_in(page: Page, username: str, password: str) -> None:
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


class TestLogIn:
    def test_leads_to_the_page_that_was_asked_for(self, look: Look) -> None:
        page = look(None, "/batches")

        log_in(page, "olive", PASSWORD)

        expect(page.get_by_role("heading", name="Batches")).to_be_visible()

    def test_says_the_same_for_a_wrong_password_and_for_an_unknown_name(self, look: Look) -> None:
        page = look(None, "/login")
        said = []
        for username in ("olive", "nobody"):
            log_in(page, username, "a-wrong-password")
            expect(page.get_by_label("Password")).to_be_focused()
            said.append(page.get_by_role("alert").inner_text())

        assert (
            said
            == ["That user name and password do not go together, or the account is switched off."]
            * 2
        )

    def test_ends_with_the_button_in_the_menu(self, look: Look) -> None:
        page = look("olive", "/")
        page.get_by_text("Account, language and theme").locator("..").click()

        page.get_by_role("button", name="Log out").click()

        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
        page.goto("/bags")
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()


class TestTheme:
    def test_stays_as_it_was_chosen_on_every_page_that_follows(self, look: Look) -> None:
        page = look("olive", "/", theme="light")
        root = page.locator("html")
        expect(root).to_have_attribute("data-bs-theme", "light")
        page.get_by_text("Account, language and theme").locator("..").click()

        page.get_by_role("button", name="Dark").click()

        expect(root).to_have_attribute("data-bs-theme", "dark")
        page.goto("/batches")
        expect(root).to_have_attribute("data-bs-theme", "dark")

    def test_follows_the_system_until_one_is_chosen(self, look: Look) -> None:
        page = look("olive", "/", theme="dark")

        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
