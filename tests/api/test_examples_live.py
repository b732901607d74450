"""The example client of the docs works against a real server."""

import importlib.util
import subprocess
import sys

import pytest

from accounts.tokens import issue_token
from tests.api_fixtures import CODES, HERE, make_site
from tests.environment import ROOT
from tests.live_server import run_server

CLIENT = ROOT / "docs" / "examples" / "client.py"


@pytest.fixture
def site(transactional_db):
    return make_site()


@pytest.mark.django_db(transaction=True)
class TestExampleClient:
    def test_lists_and_scans_and_reports_errors(self, site):
        found = importlib.util.spec_from_file_location("client", CLIENT)
        client = importlib.util.module_from_spec(found)
        found.loader.exec_module(client)
        with run_server() as server:
            token = issue_token(site.people["integrator"], "erp")
            mine = client.TraceTrack(f"http://127.0.0.1:{server.port}", token=token)

            codes = [bag["code"] for bag in mine.bags(kind="parent")]
            answer = mine.scan(step="link", code="CB001000190", parent_code=HERE, area="lucknow")
            with pytest.raises(client.ApiError) as refused:
                mine.bag("SB99999")

        assert codes == [code for code in CODES if code.startswith("SB")]
        assert answer["verdict"] == "applied"
        assert (refused.value.code, refused.value.facts) == ("bag-unknown", {"bag": "SB99999"})

    def test_is_typed(self):
        command = [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--no-incremental",
            "--config-file=",
            str(CLIENT),
        ]

        ran = subprocess.run(command, capture_output=True, text=True, check=False)

        assert ran.returncode == 0, ran.stdout
