"""Secrets, made and never kept, and the signature that proves who sent a delivery and when."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from hashlib import sha256

from django.conf import settings

HEADER = "TraceTrack-Signature"
START = "whsec_"


def new_seed() -> str:
    """The random half of a secret, which is kept; the other half is the SECRET_KEY."""
    return secrets.token_urlsafe(32)


def secret_of(seed: str) -> str:
    """The secret that `seed` stands for: neither a copy of the database nor the key gives it."""
    purpose = f"tracetrack.webhook:{seed}".encode()
    digest = hmac.digest(settings.SECRET_KEY.encode(), purpose, sha256)
    return START + urlsafe_b64encode(digest).decode().rstrip("=")


def fingerprint_of(secret: str) -> str:
    """What a secret is recognised by: its 256 random bits need neither salt nor slowness."""
    return sha256(secret.encode()).hexdigest()


def signature(body: bytes, *, moment: int, seeds: Iterable[str]) -> str:
    """The header's value: the time, and a signature of time and body by each secret."""
    signed = f"{moment}.".encode() + body
    made = [hmac.new(secret_of(s).encode(), signed, sha256).hexdigest() for s in seeds]
    return ",".join([f"t={moment}", *(f"v1={digest}" for digest in made)])
