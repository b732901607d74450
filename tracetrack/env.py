"""Typed readers of environment variables. An invalid value ends the start with one sentence."""

import os
import re
import secrets
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})

EXAMPLE = "postgresql://user:password@host:5432/name"
REDIS_EXAMPLE = "redis://:password@host:6379/0 or unix:///run/redis.sock"

RATE = re.compile(r"[1-9][0-9]{0,8}/[1-9][0-9]{0,3}[smhd]")
SECONDS_OF = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

# The query parameters of DATABASE_URL. Others are probably misspelled, so they are errors.
CONNECTION_OPTIONS = frozenset(
    {
        "application_name",
        "channel_binding",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "sslcert",
        "sslkey",
        "sslmode",
        "sslrootcert",
        "target_session_attrs",
    }
)
# Those of REDIS_URL by scheme: the client would reject others only at its first call.
REDIS_OPTIONS = {"redis": {"db"}, "rediss": {"db", "ssl_ca_certs"}, "unix": {"db"}}


class SettingError(SystemExit):
    """A setting is invalid; the message says which and what to do. Exits with status 1."""


def text(name: str, *, default: str | None) -> str:
    """Return the value of a variable. Empty means not set; default=None makes it required."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise SettingError(f"{name} is not set. See docs/settings.md.")
    return default


def secret(name: str, *, default: str | None) -> str:
    """Return a secret: the value of NAME, or the content of the file that NAME_FILE names."""
    path = text(f"{name}_FILE", default="")
    if not path:
        return text(name, default=default)
    if text(name, default=""):
        raise SettingError(f"{name} and {name}_FILE are both set. Keep one of them.")
    try:
        value = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{name}_FILE names {path}, which cannot be read: {error}.") from error
    if not value:
        raise SettingError(f"{name}_FILE names {path}, which is empty. Put the value into it.")
    return value


def is_set(name: str) -> bool:
    """Return whether a secret is set, by NAME or NAME_FILE."""
    return bool(text(name, default="") or text(f"{name}_FILE", default=""))


def persisted_secret(path: Path) -> str:
    """Return the secret in a file, which is created with a random one and mode 0600."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            draft = path.with_name(f"{path.name}.{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(64), encoding="utf-8")
            # link() does not replace a file, so two concurrent first starts use the same value.
            with suppress(FileExistsError):
                path.hardlink_to(draft)
            draft.unlink()
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(
            f"{path} cannot be used: {error}. Set DATA to another folder."
        ) from error


def boolean(name: str, *, default: bool) -> bool:
    """Read a boolean: true/false, yes/no, on/off or 1/0."""
    value = text(name, default="").lower()
    if not value:
        return default
    if value not in TRUE | FALSE:
        raise SettingError(f'{name} is "{value}". Write true or false.')
    return value in TRUE


def integer(name: str, *, default: int, at_least: int, at_most: int) -> int:
    """Read an integer from `at_least` to `at_most`."""
    value = text(name, default="")
    if not value:
        return default
    # int() also accepts "1_000", " 7" and digits of other scripts.
    if not value.isascii() or not value.removeprefix("-").isdigit() or len(value) > 18:
        raise SettingError(f'{name} is "{value}". Write a whole number.')
    number = int(value)
    if not at_least <= number <= at_most:
        raise SettingError(f"{name} is {number}. Choose from {at_least} to {at_most}.")
    return number


def seconds(name: str, *, default: float, at_most: float = 86_400.0) -> float:
    """Read a number of seconds from 0 to `at_most`, with or without a decimal point."""
    value = text(name, default="")
    if not value:
        return default
    try:
        span = float(value)
    except ValueError:
        raise SettingError(f'{name} is "{value}". Write a number of seconds.') from None
    # The comparison is False for "nan" as well.
    if not 0 <= span <= at_most:
        raise SettingError(f"{name} is {value}. Choose from 0 to {at_most:g} seconds.")
    return span


def listing(name: str, *, default: list[str] | None) -> list[str]:
    """Read a comma-separated list; default=None makes the variable required."""
    value = text(name, default=None if default is None else "")
    if not value:
        return list(default or [])
    items = [item.strip() for item in value.split(",")]
    if not all(items):
        raise SettingError(f'{name} is "{value}". Put one comma between values, none at the ends.')
    return items


def networks(name: str) -> list[str]:
    """Read a comma-separated list of IP addresses and networks; * means all."""
    items = listing(name, default=[])
    for item in items:
        try:
            if item != "*":
                ip_network(item)
        except ValueError:
            raise SettingError(
                f'{name} contains "{item}", which is not valid. Use addresses such as 10.0.0.7, '
                "networks such as 10.0.0.0/24, or *."
            ) from None
    return items


def rates(name: str, *, default: dict[str, str]) -> dict[str, tuple[int, int]]:
    """Read rate limits such as read=600/1m; return count and seconds by name.

    Names that are missing have the rate in `default`. "off" removes all limits.
    """
    items = listing(name, default=[])
    if items == ["off"]:
        return {}
    selected = dict(default)
    for item in items:
        kind, _, rate = item.partition("=")
        if kind not in default or not RATE.fullmatch(rate):
            raise SettingError(
                f'{name} contains "{item}", which is not valid. Use limits such as read=600/1m, '
                f"for {', '.join(default)}; or off."
            )
        selected[kind] = rate
    return {kind: _parse_rate(rate) for kind, rate in selected.items()}


def origins(name: str) -> list[str]:
    """Read a comma-separated list of origins, such as https://www.example.org."""
    items = listing(name, default=[])
    for item in items:
        scheme, _, host = item.partition("://")
        if scheme not in {"http", "https"} or not host or set("/?#@ ") & set(host):
            raise SettingError(
                f'{name} contains "{item}", which is not valid. Use scheme and host, such as https://www.example.org.'
            )
    return items


def origin(name: str) -> str:
    """Read one origin; empty if not set."""
    items = origins(name)
    if len(items) > 1:
        raise SettingError(f"{name} has {len(items)} origins, but only one is allowed.")
    return items[0] if items else ""


def choice(name: str, *, default: str, among: tuple[str, ...]) -> str:
    """Read one of the values in `among`."""
    value = text(name, default=default)
    if value not in among:
        raise SettingError(f'{name} is "{value}". Choose one of {", ".join(among)}.')
    return value


def folder(name: str, *, default: Path) -> Path:
    """Read the path of a folder, which need not exist yet."""
    path = Path(text(name, default=str(default))).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise SettingError(f"{name} is {path}, which is a file. Name a folder.")
    return path


def zone(name: str, *, default: str) -> str:
    """Read the name of a time zone in the database of this machine."""
    value = text(name, default=default)
    try:
        ZoneInfo(value)
    except (OSError, ValueError, KeyError):
        # Usually KeyError; folders and odd names raise the others.
        raise SettingError(f'{name} is "{value}". Write a zone such as Asia/Kolkata.') from None
    return value


def postgres(name: str, *, default: str | None) -> dict[str, Any]:
    """Read a URL such as postgresql://user:password@host:5432/name; return a DATABASES entry."""
    address = secret(name, default=default)
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        # The URL may contain a password, so messages do not repeat it.
        raise SettingError(f"{name} is not a valid URL. Write {EXAMPLE}.") from None
    database = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in {"postgres", "postgresql"} or not database or "/" in database:
        raise SettingError(f"{name} names no PostgreSQL database. Write {EXAMPLE}.")
    options = _connection_options(name, parts)
    host = options.pop("host", "") or unquote(parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port or ""),
        "OPTIONS": options,
    }


def redis(name: str) -> str:
    """Read the URL of a Redis server, one that the client accepts; empty if not set."""
    address = secret(name, default="")
    if not address:
        return ""
    scheme, separator, _ = address.partition("://")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        # The URL may contain a password, so messages do not repeat it.
        raise SettingError(f"{name} is not a valid URL. Write {REDIS_EXAMPLE}.") from None
    if not separator or scheme not in REDIS_OPTIONS or port == 0 or set(", ;") & set(address):
        raise SettingError(f"{name} names no Redis. Write {REDIS_EXAMPLE}.")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(options.keys() - REDIS_OPTIONS[scheme])
    if unknown:
        raise SettingError(f'{name} has an unknown option "{unknown[0]}". Remove it.')
    path = parts.path.removeprefix("/")
    if scheme == "unix" and not path:
        raise SettingError(f"{name} names no Redis. Write {REDIS_EXAMPLE}.")
    numbers = [options.get("db", "0"), "0" if scheme == "unix" else path or "0"]
    if not all(number.isascii() and number.isdigit() and len(number) < 6 for number in numbers):
        raise SettingError(f"{name} has a database that is not a number. Write {REDIS_EXAMPLE}.")
    return address


def _parse_rate(rate: str) -> tuple[int, int]:
    count, _, span = rate.partition("/")
    return int(count), int(span[:-1]) * SECONDS_OF[span[-1]]


def _connection_options(name: str, parts: SplitResult) -> dict[str, str]:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(set(options) - CONNECTION_OPTIONS - {"host"})
    if unknown:
        raise SettingError(f'{name} has an unknown option "{unknown[0]}". Remove it.')
    return options
