"""Signatures, verified with the code samples of docs/webhooks.md."""

import re
import subprocess
import time

import pytest
from django.utils import timezone
from playwright._impl._driver import compute_driver_executable

from tests.environment import ROOT
from tests.factories import scan
from tests.webhook_helpers import make_webhook, run_worker_once
from webhooks.actions import create_webhook, rotate_secret
from webhooks.models import Webhook
from webhooks.signing import derive_secret, signature_header

DOCS = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")
BODY = '{"id": "1", "weight": "30.000", "of": "₹"}'.encode()


def code_sample(language):
    found = re.search(rf"^```{language}\n(.*?)^```", DOCS, re.M | re.S)
    assert found is not None
    return found[1]


def python(secret, header, body):
    run: dict = {}
    exec(code_sample("python"), run)
    return run["is_from_tracetrack"](secret, header, body)


def javascript(secret, header, body):
    node, _ = compute_driver_executable()
    script = f"""
{code_sample("js")}
const [secret, header, body] = process.argv.slice(-3);
process.stdout.write(String(isFromTraceTrack(secret, header, Buffer.from(body, "hex"))));
"""
    command = [node, "--input-type=module", "-e", script, "--", secret, header, body.hex()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout == "true"


@pytest.fixture(params=[python, javascript], ids=["python", "javascript"])
def verify(request):
    return request.param


def now():
    return int(time.time())


class TestSignature:
    def test_is_valid_with_secret(self, verify):
        header = signature_header(BODY, timestamp=now(), seeds=["a"])

        assert verify(derive_secret("a"), header, BODY)

    def test_is_invalid_with_other_secret_body_or_time(self, verify):
        timestamp = now()
        header = signature_header(BODY, timestamp=timestamp, seeds=["a"])
        later = header.replace(f"t={timestamp}", f"t={timestamp + 1}")

        assert not verify(derive_secret("b"), header, BODY)
        assert not verify(derive_secret("a"), header, BODY + b" ")
        assert not verify(derive_secret("a"), later, BODY)

    def test_expires_after_five_minutes(self, verify):
        header = signature_header(BODY, timestamp=now() - 330, seeds=["a"])

        assert not verify(derive_secret("a"), header, BODY)

    @pytest.mark.parametrize("header", ["", "t=,v1=", "v1=ab", "t=1", "nonsense"])
    def test_malformed_header_is_invalid(self, verify, header):
        try:
            is_valid = verify(derive_secret("a"), header, BODY)
        except ValueError:
            is_valid = False

        assert not is_valid

    def test_is_valid_with_both_secrets_during_rotation(self, verify):
        header = signature_header(BODY, timestamp=now(), seeds=["new", "old"])

        assert verify(derive_secret("new"), header, BODY)
        assert verify(derive_secret("old"), header, BODY)


class TestSecret:
    def test_signs_deliveries(self, ines, receiver):
        _, secret = create_webhook(
            actor=ines, url=receiver.url, name="erp", events=["scan.recorded"]
        )
        scan(ines, "register", "SB10001")
        run_worker_once()

        (request,) = receiver.requests
        assert python(secret, request.headers["TraceTrack-Signature"], request.body)

    def test_previous_secret_is_valid_during_overlap(self, ines, receiver):
        webhook, old = create_webhook(
            actor=ines, url=receiver.url, name="erp", events=["scan.recorded"]
        )
        _, new = rotate_secret(actor=ines, webhook=webhook, overlap_seconds=3600)
        scan(ines, "register", "SB10001")
        run_worker_once()
        Webhook.objects.update(previous_secret_until=timezone.now())
        scan(ines, "register", "SB10002")
        run_worker_once()

        is_valid = [
            [
                python(secret, request.headers["TraceTrack-Signature"], request.body)
                for secret in (old, new)
            ]
            for request in receiver.requests
        ]
        assert is_valid == [[True, True], [False, True]]

    def test_is_not_in_database(self, ines):
        webhook = make_webhook(ines, "https://erp.example/")
        secret = derive_secret(webhook.secret_seed)

        row = str(Webhook.objects.filter(pk=webhook.pk).values().get())

        assert secret not in row
        assert secret.removeprefix("whsec_") not in row

    def test_depends_on_seed_and_secret_key(self, settings):
        first = derive_secret("a")
        other = derive_secret("b")
        settings.SECRET_KEY = "another-key-another-key-another-key"

        assert len({first, other, derive_secret("a")}) == 3
