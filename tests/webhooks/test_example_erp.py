"""The ERP of the examples against a real server and a real worker: equal books, nothing twice."""

import json
import os
import subprocess
import sys

import pytest

from scans.models import Scan
from tests.factories import make_user, reference
from tests.live_server import ROOT, running, token_of
from tests.tracetrack.server.test_supervisor import free_port
from tests.webhook_receiver import Receiver, working

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


def play(**options):
    """What the ERP reports, and whether it is content."""
    told = [f"--{name}={value}" for name, value in options.items()]
    command = [sys.executable, str(ROOT / "docs" / "examples" / "erp.py"), *told]
    reference()
    port = free_port()
    hook = {"WEBHOOK_HTTP": "true", "WEBHOOK_PORTS": str(port), "WEBHOOK_NETWORKS": "127.0.0.0/8"}
    with running(**hook) as server, working(Receiver(port)):
        environment = os.environ | {
            "SITE": f"http://127.0.0.1:{server.port}",
            "TOKEN": token_of(make_user("ada", "administrator")),
        }
        ran = subprocess.run(
            [*command, f"--hook={port}"],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert ran.stdout, ran.stderr
    return json.loads(ran.stdout), ran.returncode


class TestTheErp:
    def test_ends_with_the_servers_books_whatever_gets_lost(self, empty_queue):
        report, failed = play(scans=400, loss=0.5)

        assert not failed, report
        found = [report[name] for name in ("differences", "duplicates", "webhook missed")]
        assert found == [0, 0, 0], report
        assert report["verdicts"]["refused"] == 0
        assert Scan.objects.filter(step__in=["link", "dispatch"]).count() == report["scans"]
