"""Webhook secrets, derived on demand and never stored, and the signature header of a delivery."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from hashlib import sha256

from django.conf import settings

SIGNATURE_HEADER = "TraceTrack-Signature"
SECRET_PREFIX = "whsec_"


def generate_seed() -> str:
    """Return a new random seed: the stored half of a secret. The other half is the SECRET_KEY."""
    return secrets.token_urlsafe(32)


def derive_secret(seed: str) -> str:
    """Return the secret that belongs to `seed`: an HMAC of the seed with the SECRET_KEY.

    It cannot be computed from the database alone or from the SECRET_KEY alone. Anyone who holds
    both can compute it.
    """
    purpose = f"tracetrack.webhook:{seed}".encode()
    digest = hmac.digest(settings.SECRET_KEY.encode(), purpose, sha256)
    return SECRET_PREFIX + urlsafe_b64encode(digest).decode().rstrip("=")


def fingerprint(secret: str) -> str:
    """Return the SHA-256 of a secret in hexadecimal.

    A secret has 256 random bits, so the hash needs neither a salt nor a slow function.
    """
    return sha256(secret.encode()).hexdigest()


def signature_header(body: bytes, *, timestamp: int, seeds: Iterable[str]) -> str:
    """Return the value of the signature header: `t=<timestamp>` and one `v1=` for each seed.

    `timestamp` is in Unix seconds. Each `v1` is the HMAC-SHA-256, in hexadecimal, of the timestamp,
    a dot and the body.
    """
    signed = f"{timestamp}.".encode() + body
    digests = [hmac.new(derive_secret(seed).encode(), signed, sha256).hexdigest() for seed in seeds]
    return ",".join([f"t={timestamp}", *(f"v1={digest}" for digest in digests)])
