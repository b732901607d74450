"""The overview page."""

import re

import pytest
from django.test import Client


@pytest.mark.usefixtures("small_site")
def test_statistics_are_rendered_by_server(office: Client) -> None:
    html = office.get("/").content.decode()

    assert re.search(r'data-number="bags\.total"[^>]*>\s*4\s*<', html)
