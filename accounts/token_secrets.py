"""The plain text of API tokens: generation, derivation from a seed, stored digest."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256

from django.conf import settings

START = "tt_"
RANDOM_BYTES = 32
# START and the base64 text of RANDOM_BYTES bytes.
LENGTH = len(START) + 43
# The first characters are stored, so that users recognize their tokens in a list.
PREFIX_LENGTH = len(START) + 8


def generate_token() -> str:
    """Return a new random token."""
    return START + secrets.token_urlsafe(RANDOM_BYTES)


def derive_token(secret_seed: str) -> str:
    """Return the token that belongs to a seed, the same one each time.

    The token is the HMAC of the seed under SECRET_KEY, so neither the database nor the key alone
    reveals it.
    """
    message = f"tracetrack.token:{secret_seed}".encode()
    digest = hmac.digest(settings.SECRET_KEY.encode(), message, sha256)
    return START + urlsafe_b64encode(digest).decode().rstrip("=")


def token_digest(plain: str) -> str:
    """Return the SHA-256 of a token, as it is stored. 256 random bits need no salt or slow hash."""
    return sha256(plain.encode()).hexdigest()


def is_well_formed(plain: str) -> bool:
    """Return whether a text has the prefix and the length of a token."""
    return plain.startswith(START) and len(plain) == LENGTH
