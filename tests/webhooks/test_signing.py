"""The signature, checked by the very snippets that docs/webhooks.md gives to receivers."""

import re
import subprocess
import time

import pytest
from django.utils import timezone
from playwright._impl._driver import compute_driver_executable

from tests.environment import ROOT
from tests.factories import scan
from tests.webhook_helpers import make_webhook, work
from webhooks.actions import create_webhook, rotate_secret
from webhooks.models import Webhook
from webhooks.signing import secret_of, signature

DOCS = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")
BODY = '{"id": "1", "weight": "30.000", "of": "₹"}'.encode()


def snippet(language):
    found = re.search(rf"^```{language}\n(.*?)^```", DOCS, re.M | re.S)
    assert found is not None
    return found[1]


def python(secret, header, body):
    run: dict = {}
    exec(snippet("python"), run)
    return run["is_from_tracetrack"](secret, header, body)


def javascript(secret, header, body):
    node, _ = compute_driver_executable()
    asked = f"""
{snippet("js")}
const [secret, header, body] = process.argv.slice(-3);
process.stdout.write(String(isFromTraceTrack(secret, header, Buffer.from(body, "hex"))));
"""
    command = [node, "--input-type=module", "-e", asked, "--", secret, header, body.hex()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout == "true"


@pytest.fixture(params=[python, javascript], ids=["python", "javascript"])
def good(request):
    return request.param


def now():
    return int(time.time())


class TestASignature:
    def test_fits_the_secret(self, good):
        header = signature(BODY, moment=now(), seeds=["a"])

        assert good(secret_of("a"), header, BODY)

    def test_fits_neither_another_secret_nor_another_body_nor_another_time(self, good):
        moment = now()
        header = signature(BODY, moment=moment, seeds=["a"])
        later = header.replace(f"t={moment}", f"t={moment + 1}")

        assert not good(secret_of("b"), header, BODY)
        assert not good(secret_of("a"), header, BODY + b" ")
        assert not good(secret_of("a"), later, BODY)

    def test_is_too_old_after_five_minutes(self, good):
        header = signature(BODY, moment=now() - 330, seeds=["a"])

        assert not good(secret_of("a"), header, BODY)

    @pytest.mark.parametrize("header", ["", "t=,v1=", "v1=ab", "t=1", "nonsense"])
    def test_that_is_none_does_not_fit(self, good, header):
        try:
            fits = good(secret_of("a"), header, BODY)
        except ValueError:
            fits = False

        assert not fits

    def test_fits_both_secrets_during_a_rotation(self, good):
        header = signature(BODY, moment=now(), seeds=["new", "old"])

        assert good(secret_of("new"), header, BODY)
        assert good(secret_of("old"), header, BODY)


class TestASecret:
    def test_is_what_a_delivery_is_signed_with(self, ines, receiver):
        _, secret = create_webhook(
            actor=ines, url=receiver.url, name="erp", events=["scan.recorded"]
        )
        scan(ines, "register", "SB10001")
        work()

        (received,) = receiver.all
        assert python(secret, received.headers["TraceTrack-Signature"], received.body)

    def test_goes_on_beside_its_successor_until_the_overlap_is_over(self, ines, receiver):
        webhook, old = create_webhook(
            actor=ines, url=receiver.url, name="erp", events=["scan.recorded"]
        )
        _, new = rotate_secret(actor=ines, webhook=webhook, overlap_seconds=3600)
        scan(ines, "register", "SB10001")
        work()
        Webhook.objects.update(old_until=timezone.now())
        scan(ines, "register", "SB10002")
        work()

        fits = [
            [python(secret, got.headers["TraceTrack-Signature"], got.body) for secret in (old, new)]
            for got in receiver.all
        ]
        assert fits == [[True, True], [False, True]]

    def test_is_nowhere_in_the_database(self, ines):
        webhook = make_webhook(ines, "https://erp.example/")
        secret = secret_of(webhook.seed)

        kept = str(Webhook.objects.filter(pk=webhook.pk).values().get())

        assert secret not in kept
        assert secret.removeprefix("whsec_") not in kept

    def test_is_another_for_every_seed_and_every_site(self, settings):
        first = secret_of("a")
        other = secret_of("b")
        settings.SECRET_KEY = "another-key-another-key-another-key"

        assert len({first, other, secret_of("a")}) == 3
