"""Search, bag page, batch page, and the actions of the office."""

import re

from playwright.sync_api import expect

from accounts.models import User
from bags.models import Batch
from scans.models import Scan
from tests.browser_helpers import OpenPage
from tests.factories import scan


class TestSearch:
    def test_complete_code_opens_the_bag(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/batches")

        page.keyboard.press("/")
        page.keyboard.type("sb10001")
        page.keyboard.press("Enter")

        expect(page).to_have_url(re.compile(r"/bags/SB10001$"))
        expect(page.get_by_role("heading", name="SB10001")).to_be_visible()

    def test_arrow_keys_select_a_suggestion(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/batches")

        page.keyboard.press("/")
        page.keyboard.type("sb")
        expect(page.get_by_role("option")).to_have_count(2)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("option", selected=True)).to_contain_text("SB20001")
        page.keyboard.press("Enter")

        expect(page).to_have_url(re.compile(r"/bags/SB20001$"))

    def test_language_menu_switches_to_hindi(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/bags")

        page.get_by_text("Account, language and theme").locator("..").click()
        page.get_by_role("button", name="हिंदी").click()

        expect(page.locator("html")).to_have_attribute("lang", "hi")
        expect(page.get_by_role("link", name="बोरियाँ")).to_be_visible()

    def test_states_how_part_of_a_code_matched(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/search?q=0001")

        expect(page.get_by_text("codes ending in “0001”")).to_be_visible()
        expect(page.get_by_role("link", name="SB10001")).to_be_visible()


class TestBag:
    def test_shows_slots_and_history(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/bags/SB10001")

        expect(page.locator(".slot:not(.slot-free)")).to_have_count(3)
        expect(page.locator(".slot-free")).to_have_count(27)
        expect(page.get_by_text("3 of 30").first).to_be_visible()
        expect(page.locator(".timeline-title").last).to_have_text("Registered")

    def test_of_another_area_is_not_found(self, open_page: OpenPage) -> None:
        page = open_page("asha", "/bags/SB20001")

        expect(page.get_by_role("heading", name="Bag SB20001 was not found")).to_be_visible()
        expect(page.get_by_text("CB002000101")).to_have_count(0)

    def test_undo_strikes_the_scan_through(self, open_page: OpenPage) -> None:
        asha = User.objects.get(username="asha")
        scan(asha, "complete", "SB10001")
        page = open_page("asha", "/bags/SB10001")
        expect(page.get_by_text("Complete", exact=True).first).to_be_visible()

        page.get_by_text("Undo", exact=True).click()
        page.get_by_role("button", name="Undo scan").click()

        expect(page.get_by_role("status")).to_contain_text("has been undone")
        expect(page.locator(".timeline-undone .timeline-title")).to_have_text("Completed")
        assert Scan.objects.filter(step="undo").count() == 1

    def test_moved_bag_names_its_new_sack(self, open_page: OpenPage) -> None:
        scan(User.objects.get(username="olive"), "move", "CB001000101", "SB20001", area="lucknow")
        page = open_page("olive", "/bags/CB001000101")

        expect(page.locator(".timeline-title").first).to_have_text("Moved to SB20001")

    def test_shows_the_other_bags_of_its_sack(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/bags/CB001000102")

        contents = page.locator(".contents")
        expect(contents.locator(".contents-sack a")).to_have_text("SB10001")
        expect(contents.locator(".slot [aria-current]")).to_have_text("CB001000102")
        expect(contents.locator(".slot a")).to_have_text(["CB001000101", "CB001000103"])

    def test_lists_the_users_who_handled_it(self, open_page: OpenPage) -> None:
        scan(User.objects.get(username="asha"), "inspect", "SB10001")
        page = open_page("olive", "/bags/SB10001")

        expect(page.locator(".handled-by strong")).to_have_text(["asha", "packer"])
        expect(page.locator(".handled-by li").first).to_contain_text("one scan")

    def test_next_action_opens_the_scan_station(self, open_page: OpenPage) -> None:
        page = open_page("asha", "/bags/SB10001")

        page.get_by_role("link", name="Complete", exact=True).click()
        expect(page.locator("#code")).to_have_value("SB10001")
        page.keyboard.press("Enter")

        expect(page.locator("[data-result-text]")).to_contain_text("SB10001: Completed")


class TestBatch:
    def test_shows_progress(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/batches")

        page.get_by_role("link", name="LOT-1").click()

        expect(page.get_by_text("8 %")).to_be_visible()
        expect(page.locator("dt:has-text('Loose') + dd")).to_have_text("1")

    def test_office_puts_it_on_hold_and_releases_it(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/batches/LOT-1")

        page.get_by_text("Put on hold …").click()
        page.get_by_label("Reason").fill("moisture above limit")
        page.get_by_role("button", name="Put on hold").click()

        expect(page.get_by_text("moisture above limit")).to_be_visible()
        batch = Batch.objects.get(code="LOT-1")
        assert (batch.held, batch.held_by.username) == (True, "olive")
        page.get_by_role("button", name="Release hold").click()
        expect(page.get_by_text("Hold on LOT-1 released.")).to_be_visible()

    def test_recall_list_shows_every_bag(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/batches/LOT-1")

        page.get_by_role("link", name="Recall list").click()

        expect(page.get_by_role("heading", name="Recall of LOT-1")).to_be_visible()
        row = page.locator("tbody tr", has_text="CB001000101")
        expect(row).to_contain_text("SB10001")
        expect(row).to_contain_text("packer")
        expect(page.get_by_role("link", name="NDJSON")).to_be_visible()

    def test_operator_sees_no_actions(self, open_page: OpenPage) -> None:
        page = open_page("asha", "/batches/LOT-1")

        expect(page.get_by_role("heading", name="LOT-1")).to_be_visible()
        expect(page.get_by_role("heading", name="Actions")).to_have_count(0)
