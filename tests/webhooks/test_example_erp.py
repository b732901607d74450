"""The example ERP against a real server and worker: equal stock, no duplicates."""

import json
import os
import subprocess
import sys

import pytest

from scans.models import Scan
from tests.factories import create_reference_data, make_user
from tests.live_server import ROOT, create_token, free_port, run_server
from tests.webhook_receiver import Receiver, run_worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


def run_erp(**options):
    """Run docs/examples/erp.py; return its report and its exit status."""
    arguments = [f"--{name}={value}" for name, value in options.items()]
    command = [sys.executable, str(ROOT / "docs" / "examples" / "erp.py"), *arguments]
    create_reference_data()
    port = free_port()
    webhook_settings = {
        "WEBHOOK_HTTP": "true",
        "WEBHOOK_PORTS": str(port),
        "WEBHOOK_NETWORKS": "127.0.0.0/8",
    }
    with run_server(**webhook_settings) as server, run_worker(Receiver(port)):
        environment = os.environ | {
            "SITE": f"http://127.0.0.1:{server.port}",
            "TOKEN": create_token(make_user("ada", "administrator")),
        }
        done = subprocess.run(
            [*command, f"--hook={port}"],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.stdout, done.stderr
    return json.loads(done.stdout), done.returncode


class TestErp:
    def test_agrees_with_server_despite_lost_responses(self, empty_queue):
        report, failed = run_erp(scans=400, loss=0.5)

        assert not failed, report
        found = [report[name] for name in ("differences", "duplicates", "webhook missed")]
        assert found == [0, 0, 0], report
        assert report["verdicts"]["refused"] == 0
        assert Scan.objects.filter(step__in=["link", "dispatch"]).count() == report["scans"]
