"""Finding a bag, seeing its way, and what the office may do."""

import re

from playwright.sync_api import expect

from accounts.models import User
from bags.models import Batch
from scans.models import Scan
from tests.browser.conftest import Look
from tests.factories import scan


class TestSearch:
    def test_leads_straight_to_the_bag_with_this_code(self, look: Look) -> None:
        page = look("olive", "/batches")

        page.keyboard.press("/")
        page.keyboard.type("sb10001")
        page.keyboard.press("Enter")

        expect(page).to_have_url(re.compile(r"/bags/SB10001$"))
        expect(page.get_by_role("heading", name="SB10001")).to_be_visible()

    def test_suggests_while_somebody_types_and_is_led_by_the_arrows(self, look: Look) -> None:
        page = look("olive", "/batches")

        page.keyboard.press("/")
        page.keyboard.type("sb")
        expect(page.get_by_role("option")).to_have_count(2)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("option", selected=True)).to_contain_text("SB20001")
        page.keyboard.press("Enter")

        expect(page).to_have_url(re.compile(r"/bags/SB20001$"))

    def test_speaks_hindi_from_the_menu_on(self, look: Look) -> None:
        page = look("olive", "/bags")

        page.get_by_text("Account, language and theme").locator("..").click()
        page.get_by_role("button", name="हिंदी").click()

        expect(page.locator("html")).to_have_attribute("lang", "hi")
        expect(page.get_by_role("link", name="बोरियाँ")).to_be_visible()

    def test_says_how_a_part_of_a_code_was_found(self, look: Look) -> None:
        page = look("olive", "/search?q=0001")

        expect(page.get_by_text("codes that end in “0001”")).to_be_visible()
        expect(page.get_by_role("link", name="SB10001")).to_be_visible()


class TestBag:
    def test_shows_its_places_and_its_way(self, look: Look) -> None:
        page = look("olive", "/bags/SB10001")

        expect(page.locator(".slot:not(.slot-free)")).to_have_count(3)
        expect(page.locator(".slot-free")).to_have_count(27)
        expect(page.get_by_text("3 of 30").first).to_be_visible()
        expect(page.locator(".timeline-title").last).to_have_text("Registered")

    def test_does_not_exist_for_an_operator_of_another_area(self, look: Look) -> None:
        page = look("asha", "/bags/SB20001")

        expect(page.get_by_role("heading", name="There is no bag SB20001")).to_be_visible()
        expect(page.get_by_text("CB002000101")).to_have_count(0)

    def test_strikes_through_a_scan_that_is_undone_on_the_page(self, look: Look) -> None:
        asha = User.objects.get(username="asha")
        scan(asha, "complete", "SB10001")
        page = look("asha", "/bags/SB10001")
        expect(page.get_by_text("Complete", exact=True).first).to_be_visible()

        page.get_by_text("Undo this").click()
        page.get_by_role("button", name="Undo the scan").click()

        expect(page.get_by_role("status")).to_contain_text("has been undone")
        expect(page.locator(".timeline-undone .timeline-title")).to_have_text("Completed")
        assert Scan.objects.filter(step="undo").count() == 1

    def test_shows_a_child_among_those_that_lie_beside_it(self, look: Look) -> None:
        page = look("olive", "/bags/CB001000102")

        tree = page.locator(".contents")
        expect(tree.locator(".contents-sack a")).to_have_text("SB10001")
        expect(tree.locator(".slot [aria-current]")).to_have_text("CB001000102")
        expect(tree.locator(".slot a")).to_have_text(["CB001000101", "CB001000103"])

    def test_names_everyone_who_touched_it(self, look: Look) -> None:
        scan(User.objects.get(username="asha"), "inspect", "SB10001")
        page = look("olive", "/bags/SB10001")

        expect(page.locator(".handled-by strong")).to_have_text(["asha", "packer"])
        expect(page.locator(".handled-by li").first).to_contain_text("one scan")

    def test_leads_to_the_station_with_what_can_be_done_next(self, look: Look) -> None:
        page = look("asha", "/bags/SB10001")

        page.get_by_role("link", name="Complete", exact=True).click()
        expect(page.locator("#code")).to_have_value("SB10001")
        page.keyboard.press("Enter")

        expect(page.locator("[data-result-text]")).to_contain_text("SB10001: Completed")


class TestBatch:
    def test_shows_its_progress(self, look: Look) -> None:
        page = look("olive", "/batches")

        page.get_by_role("link", name="LOT-1").click()

        expect(page.get_by_text("8 %")).to_be_visible()
        expect(page.locator("dt:has-text('Loose') + dd")).to_have_text("1")

    def test_is_put_on_hold_by_the_office_with_a_reason(self, look: Look) -> None:
        page = look("olive", "/batches/LOT-1")

        page.get_by_text("Put on hold …").click()
        page.get_by_label("Why").fill("moisture above limit")
        page.get_by_role("button", name="Put on hold").click()

        expect(page.get_by_text("moisture above limit")).to_be_visible()
        batch = Batch.objects.get(code="LOT-1")
        assert (batch.held, batch.held_by.username) == (True, "olive")
        page.get_by_role("button", name="Release it").click()
        expect(page.get_by_text("LOT-1 is released.")).to_be_visible()

    def test_is_recalled_bag_by_bag(self, look: Look) -> None:
        page = look("olive", "/batches/LOT-1")

        page.get_by_role("link", name="Recall: where everything is").click()

        expect(page.get_by_role("heading", name="Recall of LOT-1")).to_be_visible()
        row = page.locator("tbody tr", has_text="CB001000101")
        expect(row).to_contain_text("SB10001")
        expect(row).to_contain_text("packer")
        expect(page.get_by_role("link", name="NDJSON")).to_be_visible()

    def test_offers_nothing_to_an_operator(self, look: Look) -> None:
        page = look("asha", "/batches/LOT-1")

        expect(page.get_by_role("heading", name="LOT-1")).to_be_visible()
        expect(page.get_by_text("What can be done")).to_have_count(0)
