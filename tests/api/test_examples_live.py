"""The calls of the description and the client of the docs, run against a real server."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys

import pytest

from accounts.tokens import create_token, issue_token
from tests.api_fixtures import CODES, HERE, made_delivery, make_site
from tests.environment import ROOT
from tests.live_server import running
from tracetrack.openapi.schema import TABLE
from tracetrack.openapi.snippets import snippets

CLIENT = ROOT / "docs" / "examples" / "client.py"
# Their numbers are those of the moment; pool/reset would end what the other tests run on.
LEFT_OUT = {"POST scans/<int:scan>/undo", "POST pool/reset"}
RUN = {
    "curl": ["bash", "-ec", 'curl() {{ command curl --fail-with-body --silent "$@"; }}\n{}'],
    "Python": [sys.executable, "-c", "{}"],
    "JavaScript": ["node", "--input-type=module", "--eval", "{}"],
}
TOOLS = {"curl": "curl", "Python": "python", "JavaScript": "node"}


@pytest.fixture
def site(transactional_db):
    return make_site()


@pytest.mark.django_db(transaction=True)
class TestTheDescribedCalls:
    @pytest.mark.parametrize(
        "language", [name for name in RUN if name == "Python" or shutil.which(TOOLS[name])]
    )
    def test_work_as_they_stand(self, site, language):
        ada = site.people["administrator"]
        failed = {}
        with running() as server:
            for name, told in TABLE.items():
                if name in LEFT_OUT:
                    continue
                number = create_token(actor=ada, user=ada, name="example").token.pk
                environment = os.environ | {
                    "SITE": f"http://127.0.0.1:{server.port}",
                    "TOKEN": issue_token(ada, "test"),
                }
                text = source(name, told, language).replace("tokens/3", f"tokens/{number}")
                if "webhooks/3" in text:
                    address = made_delivery(site, "administrator")
                    webhook, delivery = re.findall(r"\d+", address)
                    text = re.sub(r"webhooks/3\b", f"webhooks/{webhook}", text)
                    text = text.replace("deliveries/4711", f"deliveries/{delivery}")
                command = [part.format(text) if part != "{}" else text for part in RUN[language]]
                ran = subprocess.run(
                    command, env=environment, capture_output=True, text=True, check=False
                )
                if ran.returncode or not re.search(shown(language), ran.stdout):
                    failed[name] = ran.stdout[-300:] + ran.stderr[-300:]
                for token in ada.api_tokens.all():
                    token.delete()

        assert failed == {}


def shown(language):
    return r"\S" if language == "curl" else r"^20[012] "


def source(name, told, language):
    method, route = name.split()
    return next(s["source"] for s in snippets(method, route, told) if s["label"] == language)


@pytest.mark.django_db(transaction=True)
class TestTheClientOfTheDocs:
    def test_lists_scans_and_is_refused(self, site):
        found = importlib.util.spec_from_file_location("client", CLIENT)
        client = importlib.util.module_from_spec(found)
        found.loader.exec_module(client)
        with running() as server:
            token = issue_token(site.people["integrator"], "erp")
            mine = client.TraceTrack(f"http://127.0.0.1:{server.port}", token=token)

            listed = [bag["code"] for bag in mine.bags(kind="parent")]
            answer = mine.scan(step="link", code="CB001000190", parent_code=HERE, area="lucknow")
            with pytest.raises(client.ApiError) as refused:
                mine.bag("SB99999")

        assert listed == [code for code in CODES if code.startswith("SB")]
        assert answer["verdict"] == "applied"
        assert (refused.value.code, refused.value.facts) == ("bag-unknown", {"bag": "SB99999"})

    def test_is_typed_throughout(self):
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
