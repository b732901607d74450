"""The list of bags and its XLSX export."""

import io
import xml.etree.ElementTree as ET
import zipfile
from typing import Any

import pytest
from django.test import Client

from dashboard import xlsx
from tests.factories import assign_batch, make_batch, make_loose_child

pytestmark = pytest.mark.usefixtures("small_site")


def codes_of_two_pages(client: Client, query: str) -> tuple[list[str], str]:
    """Return the bag codes of the first two pages, and the query string of a third one."""
    first = client.get(f"/bags?{query}")
    second = client.get(f"/bags?{first.context['next_query']}")
    codes = [bag["code"] for page in (first, second) for bag in page.context["bags"]]
    return codes, second.context["next_query"]


def worksheet_rows(response: Any) -> list[list[str]]:
    """Return the cells of the workbook as text, row by row."""
    book = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))
    namespaces = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    rows = ET.fromstring(book.read("xl/worksheets/sheet1.xml")).iterfind(".//x:row", namespaces)
    return [["".join(cell.itertext()) for cell in row] for row in rows]


class TestBags:
    @pytest.fixture
    def many_children(self) -> None:
        for number in range(60):
            make_loose_child(f"CB8000000{number:02d}")

    def test_pages_contain_every_bag_once(self, office: Client, many_children: None) -> None:
        codes, next_query = codes_of_two_pages(office, "kind=child")

        assert (len(codes), len(set(codes)), next_query) == (63, 63, "")

    def test_newest_first_contains_every_bag_once(
        self, office: Client, many_children: None
    ) -> None:
        codes, _ = codes_of_two_pages(office, "order=newest&kind=child")

        assert (len(codes), len(set(codes)), codes[0]) == (63, 63, "CB800000059")

    def test_filters_loose_children(self, office: Client) -> None:
        bags = office.get("/bags?loose=1").context["bags"]

        assert [bag["code"] for bag in bags] == ["CB900000001"]

    def test_shows_selected_columns(self, office: Client) -> None:
        html = office.get("/bags?column=weight&column=zz").content.decode()

        table = html[html.index("<thead>") : html.index("</thead>")]
        assert ("Weight" in table, "State" in table) == (True, False)

    def test_hides_other_areas(self, operator: Client) -> None:
        assert b"CB900000001" not in operator.get("/bags").content

    @pytest.mark.parametrize("query", ["after=x", "after=-1", "state=%00", "area=zz", "kind=zz"])
    def test_ignores_invalid_filters(self, office: Client, query: str) -> None:
        assert office.get(f"/bags?{query}").status_code == 200


class TestWorkbook:
    def test_contains_visible_bags(self, operator: Client) -> None:
        header, *rows = worksheet_rows(operator.get("/exports/bags.xlsx"))

        assert header[:3] == ["code", "kind", "bag_type"]
        assert sorted(row[0] for row in rows) == ["CB001000101", "CB001000102", "SB10001"]

    def test_has_filters_of_list(self, office: Client) -> None:
        _, *rows = worksheet_rows(office.get("/exports/bags.xlsx?loose=1"))

        assert [row[0] for row in rows] == ["CB900000001"]

    def test_is_complete_with_several_queries(
        self, office: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(xlsx, "ROWS_PER_QUERY", 2)

        _, *rows = worksheet_rows(office.get("/exports/bags.xlsx"))

        assert len(rows) == 4

    def test_escapes_formulas(self, office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("dashboard.pages.bags.XLSX_COLUMNS", (("product", "batch__product"),))
        assign_batch(make_batch("LOT-2", product="=1+1"), "CB900000001")

        _, (cell,) = worksheet_rows(office.get("/exports/bags.xlsx?batch=LOT-2"))

        assert cell == "'=1+1"

    def test_refuses_too_many_rows(self, office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(xlsx, "MAX_ROWS", 3)

        response = office.get("/exports/bags.xlsx")

        assert response.status_code == 409
        assert b"Filter the list first" in response.content
