"""Readers of environment variables: accepted values and error messages."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from tracetrack import env

READERS: dict[str, Callable[[], Any]] = {
    "text": lambda: env.text("X", default=None),
    "boolean": lambda: env.boolean("X", default=False),
    "integer": lambda: env.integer("X", default=1, at_least=1, at_most=9),
    "seconds": lambda: env.seconds("X", default=1),
    "listing": lambda: env.listing("X", default=None),
    "choice": lambda: env.choice("X", default="a", among=("a", "b")),
    "folder": lambda: env.folder("X", default=Path("/")),
    "zone": lambda: env.zone("X", default="UTC"),
    "postgres": lambda: env.postgres("X", default=None),
    "redis": lambda: env.redis("X"),
    "networks": lambda: env.networks("X"),
    "origins": lambda: env.origins("X"),
}


@pytest.mark.parametrize(
    ("reader", "value", "words"),
    [
        ("text", "", "is not set"),
        ("text", "   ", "is not set"),
        ("boolean", "maybe", 'is "maybe"'),
        ("boolean", "2", 'is "2"'),
        ("integer", "ten", "whole number"),
        ("integer", "1_0", "whole number"),
        ("integer", "1.0", "whole number"),
        ("integer", "٣", "whole number"),
        ("integer", "9" * 5000, "whole number"),
        ("integer", "10", "from 1 to 9"),
        ("integer", "-1", "from 1 to 9"),
        ("seconds", "soon", "number of seconds"),
        ("seconds", "nan", "from 0 to"),
        ("seconds", "inf", "from 0 to"),
        ("seconds", "-1", "from 0 to"),
        ("listing", "a,,b", "one comma"),
        ("listing", "a,", "one comma"),
        ("listing", "", "is not set"),
        ("choice", "c", "one of a, b"),
        ("folder", __file__, "is a file"),
        ("zone", "Mars/Olympus", "zone such as"),
        ("zone", "../etc/passwd", "zone such as"),
        ("zone", "Asia", "zone such as"),
        ("postgres", "", "is not set"),
        ("postgres", "mysql://h/d", "names no PostgreSQL database"),
        ("postgres", "postgresql://h", "names no PostgreSQL database"),
        ("postgres", "postgresql://h/a/b", "names no PostgreSQL database"),
        ("postgres", "postgresql://h:port/d", "not a valid URL"),
        ("postgres", "postgresql://[h/d", "not a valid URL"),
        ("postgres", "postgresql://h/d?ssl=1", 'option "ssl"'),
        ("redis", "foo", "names no Redis"),
        ("redis", "redis:foo", "names no Redis"),
        ("redis", "http://h:6379/0", "names no Redis"),
        ("redis", "redis://a,redis://b", "names no Redis"),
        ("redis", "redis://h:0", "names no Redis"),
        ("redis", "unix://", "names no Redis"),
        ("redis", "redis://h:99999/0", "not a valid URL"),
        ("redis", "redis://h:port/0", "not a valid URL"),
        ("redis", "redis://h/first", "database that is not a number"),
        ("redis", "redis://h/0/1", "database that is not a number"),
        ("redis", "unix:///s?db=x", "database that is not a number"),
        ("redis", "redis://h?foo=1", 'option "foo"'),
        ("redis", "redis://h?ssl_ca_certs=/c", 'option "ssl_ca_certs"'),
        ("networks", "foo", 'contains "foo"'),
        ("networks", "127.0.0.1,10.0.0.1/8", 'contains "10.0.0.1/8"'),
        ("origins", "example.org", 'contains "example.org"'),
        ("origins", "https://", 'contains "https://"'),
        ("origins", "https://a.example,https://b.example/x", "scheme and host"),
    ],
)
def test_an_invalid_value_is_reported_in_one_sentence(
    reader: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("X", value)
    with pytest.raises(env.SettingError) as error:
        READERS[reader]()
    message = str(error.value)
    assert message.startswith("X ")
    assert words in message
    assert "\n" not in message
    assert message.endswith(".")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("true", True), ("YES", True), ("1", True), ("off", False), ("0", False), ("", True)],
)
def test_booleans_have_several_spellings(
    value: str, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("X", value)
    assert env.boolean("X", default=True) is expected


@given(number=st.integers())
def test_integers_are_read_exactly_or_rejected(number: int) -> None:
    os.environ["X"] = str(number)
    try:
        assert env.integer("X", default=0, at_least=-1000, at_most=1000) == number
    except env.SettingError:
        assert not -1000 <= number <= 1000
    finally:
        del os.environ["X"]


def test_values_are_trimmed_and_lists_are_split(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", " a.example , b.example ")
    assert env.listing("X", default=None) == ["a.example", "b.example"]
    assert env.listing("UNSET", default=["c"]) == ["c"]
    monkeypatch.setenv("X", " 0.5 ")
    assert env.seconds("X", default=1) == 0.5


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        ("networks", "*"),
        ("networks", "127.0.0.1,10.0.0.0/8,::1"),
        ("origins", "https://www.example.org,http://localhost:8000,https://*.example.org"),
    ],
)
def test_lists_of_addresses_are_not_changed(
    reader: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("X", value)
    assert READERS[reader]() == value.split(",")


class TestRedis:
    @pytest.mark.parametrize(
        "address",
        [
            "redis://localhost",
            "redis://:p%2Cw@[::1]:6379/15",
            "rediss://me:secret@h.example:6380/0?ssl_ca_certs=/ca.pem",
            "unix:///run/redis.sock?db=2",
        ],
    )
    def test_a_valid_url_is_returned_and_accepted_by_the_client(
        self, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("X", address)
        assert env.redis("X") == address
        assert redis.Redis.from_url(address).connection_pool.make_connection()

    def test_is_optional(self) -> None:
        assert env.redis("UNSET") == ""

    def test_messages_do_not_contain_the_password(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for address in ("redis://:hunter2@h:x", "rdis://:hunter2@h", "redis://:hunter2@h/d"):
            monkeypatch.setenv("X", address)
            with pytest.raises(env.SettingError) as error:
                env.redis("X")
            assert "hunter2" not in str(error.value)


class TestPostgres:
    def test_a_url_becomes_a_databases_entry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("X", "postgres://us%40er:p%2Fw%3A@db.example:6432/tt?sslmode=require")
        assert env.postgres("X", default=None) == {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "tt",
            "USER": "us@er",
            "PASSWORD": "p/w:",
            "HOST": "db.example",
            "PORT": "6432",
            "OPTIONS": {"sslmode": "require"},
        }

    def test_a_socket_folder_is_the_host(self) -> None:
        read = env.postgres("UNSET", default="postgresql://me@/tt?host=/run/a%20b")
        assert (read["HOST"], read["PORT"], read["OPTIONS"]) == ("/run/a b", "", {})

    def test_messages_do_not_contain_the_password(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for address in ("postgresql://u:hunter2@h:x/d", "mysql://u:hunter2@h/d"):
            monkeypatch.setenv("X", address)
            with pytest.raises(env.SettingError) as error:
                env.postgres("X", default=None)
            assert "hunter2" not in str(error.value)


class TestSecrets:
    def test_are_read_from_a_file(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "key").write_text("from the file\n")
        monkeypatch.setenv("X_FILE", str(tmp_path / "key"))
        assert env.is_set("X")
        assert env.secret("X", default=None) == "from the file"

    def test_value_and_file_exclude_each_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("X", "here")
        monkeypatch.setenv("X_FILE", "/there")
        with pytest.raises(env.SettingError, match="both set"):
            env.secret("X", default=None)

    @pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe\xff"])
    def test_an_empty_or_unreadable_file_is_an_error(
        self, content: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "key").write_bytes(content)
        monkeypatch.setenv("X_FILE", str(tmp_path / "key"))
        with pytest.raises(env.SettingError, match="X_FILE names"):
            env.secret("X", default=None)

    def test_a_missing_file_is_an_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("X_FILE", "/nowhere/at/all")
        with pytest.raises(env.SettingError, match="cannot be read"):
            env.secret("X", default="not this")


class TestPersistedSecret:
    def test_is_created_once_and_readable_by_the_owner_only(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "key"
        value = env.persisted_secret(path)
        assert len(value) > 64
        assert env.persisted_secret(path) == value
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert list(path.parent.iterdir()) == [path]

    def test_a_folder_that_cannot_be_created_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(env.SettingError, match="Set DATA to another folder"):
            env.persisted_secret(tmp_path / "file" / "key")
