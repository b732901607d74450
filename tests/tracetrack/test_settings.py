"""Settings as a whole: a deployment that cannot work is refused before it starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import ROOT

DEPLOYED = {
    "DATABASE_URL": "postgresql://nobody@/tracetrack?host=/nowhere",
    "SECRET_KEY": "K" * 30 + "0123456789abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "tracetrack.example",
    "FORWARDED_ALLOW_IPS": "127.0.0.1",
    "REDIS_URL": "redis://localhost/0",
    "WORKERS": "4",
}


def check(variables: dict[str, str], *arguments: str) -> tuple[int, str]:
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **variables}
    ran = subprocess.run(
        [sys.executable, "manage.py", "check", *arguments],
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
    )
    return ran.returncode, ran.stdout.strip()


class TestDeployed:
    def test_a_full_set_of_settings_passes_the_checks_for_deployment(self) -> None:
        code, output = check(DEPLOYED, "--deploy", "--fail-level", "WARNING")
        assert code == 0, output

    @pytest.mark.parametrize("name", ["SECRET_KEY", "ALLOWED_HOSTS"])
    def test_what_must_be_said_must_be_said(self, name: str) -> None:
        code, output = check({**DEPLOYED, name: ""})
        assert code == 1
        assert output == f"{name} is not set. docs/settings.md says what it is for."

    @pytest.mark.parametrize(
        ("name", "value", "sentence"),
        [
            ("DEBUG", "perhaps", 'DEBUG is "perhaps". Write true or false.'),
            ("HTTPS", "tls", 'HTTPS is "tls". Write true or false.'),
            ("WORKERS", "0", "WORKERS is 0. Choose from 1 to 64."),
            ("THREADS", "many", 'THREADS is "many". Write a whole number.'),
            ("BUSINESS_TIME_ZONE", "IST", 'BUSINESS_TIME_ZONE is "IST".'),
            ("CACHE_BAGS_SECONDS", "-1", "CACHE_BAGS_SECONDS is -1."),
            ("DATABASE_URL", "sqlite:///db", "DATABASE_URL names no PostgreSQL database."),
            ("REDIS_URL", "foo", "REDIS_URL names no Redis."),
            ("FORWARDED_ALLOW_IPS", "foo", 'FORWARDED_ALLOW_IPS names "foo".'),
            ("CSRF_TRUSTED_ORIGINS", "example.org", 'CSRF_TRUSTED_ORIGINS names "example.org".'),
            ("STATIC_CDN", "https://a.example/x", 'STATIC_CDN names "https://a.example/x".'),
            ("STATIC_CDN", "https://a.example,https://b.example", "STATIC_CDN names 2 origins."),
            ("LOG_LEVEL", "loud", 'LOG_LEVEL is "loud".'),
            ("DATA", "manage.py", "which is a file. Name a folder."),
            ("SECRET_KEY_FILE", "/nowhere", "SECRET_KEY and SECRET_KEY_FILE are both set."),
        ],
    )
    def test_a_bad_value_stops_the_start_with_one_sentence(
        self, name: str, value: str, sentence: str
    ) -> None:
        code, output = check({**DEPLOYED, name: value})
        assert code == 1
        assert sentence in output
        assert len(output.splitlines()) == 1, "one sentence and no traceback"

    def test_a_database_that_is_none_is_the_first_thing_said(self) -> None:
        code, output = check({"DATABASE_URL": "mysql://x"})
        assert code == 1
        assert output.startswith("DATABASE_URL names no PostgreSQL database.")

    @pytest.mark.parametrize(
        ("variables", "identifier"),
        [
            ({"DB_POOL_BASE": "62", "DB_POOL_EXTRA": "11"}, "TT.E001"),
            ({"DB_POOL_BASE": "2", "DB_POOL_EXTRA": "1"}, "TT.E002"),
            ({"DB_LOCK_SECONDS": "30"}, "TT.E003"),
            ({"DEBUG": "true"}, "TT.E004"),
            ({"FORWARDED_ALLOW_IPS": ""}, "TT.E005"),
            ({"ALLOWED_HOSTS": "*"}, "TT.E006"),
            ({"SECRET_KEY": "short"}, "TT.E007"),
            ({"STATIC_CDN": "https://cdn.example", "STATIC_HASHED": "false"}, "TT.E009"),
        ],
    )
    def test_settings_that_contradict_one_another_are_named(
        self, variables: dict[str, str], identifier: str
    ) -> None:
        code, output = check({**DEPLOYED, **variables})
        assert code == 1
        assert f"({identifier})" in output
        assert output.count("(TT.") == 1
        assert "HINT:" in output

    def test_processes_that_cannot_share_their_counts_are_warned_about(self) -> None:
        code, output = check({**DEPLOYED, "REDIS_URL": ""})
        assert code == 0
        assert "(TT.W001)" in output

    def test_as_many_connections_as_the_server_takes_are_fine(self) -> None:
        assert check({**DEPLOYED, "DB_POOL_BASE": "62", "DB_POOL_EXTRA": "10"})[0] == 0

    def test_a_queue_that_can_never_be_full_is_warned_about(self) -> None:
        code, output = check({**DEPLOYED, "THREADS": "30", "DB_POOL_WAITING": "20"})
        assert code == 0
        assert "(TT.W002)" in output

    def test_a_server_that_takes_fewer_connections_than_said_is_refused(self) -> None:
        asked = {"DATABASE_URL": os.environ["DATABASE_URL"], "DB_SERVER_CONNECTIONS": "9999"}
        database = ("--tag", "database", "--database", "default")

        code, output = check({**DEPLOYED, **asked}, *database)

        assert code == 1
        assert "(TT.E008)" in output

    def test_a_server_that_cannot_be_asked_yet_is_no_reason_not_to_start(self) -> None:
        assert check(DEPLOYED, "--tag", "database", "--database", "default")[0] == 0

    @pytest.mark.parametrize(
        ("variables", "share"),
        [
            # What stays, the most, who may wait: of one process.
            ({}, (18, 18, 160)),
            ({"DB_SERVER_CONNECTIONS": "300"}, (25, 62, 160)),
            ({"DB_SERVER_CONNECTIONS": "300", "THREADS": "300"}, (25, 62, 150)),
            ({"DB_SERVER_CONNECTIONS": "300", "WORKERS": "8"}, (12, 31, 160)),
            ({"DB_SERVER_CONNECTIONS": "300", "WORKERS": "1", "THREADS": "24"}, (8, 8, 12)),
            ({"DB_SERVER_CONNECTIONS": "300", "WORKERS": "64"}, (1, 2, 160)),
            ({"DB_POOL_BASE": "0", "DB_POOL_EXTRA": "4"}, (0, 1, 160)),
        ],
    )
    def test_connections_are_shared_among_the_processes(
        self, variables: dict[str, str], share: tuple[int, int, int]
    ) -> None:
        asked = "s.DB_POOL_MIN, s.DB_POOL_MAX, s.DB_POOL_WAITING"
        told = subprocess.run(
            [sys.executable, "-c", f"from tracetrack import settings as s; print(({asked}))"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **DEPLOYED, **variables},
            text=True,
            capture_output=True,
            check=True,
        )
        assert told.stdout.strip() == str(share)


class TestOnOnesOwnMachine:
    def test_nothing_needs_to_be_said(self, tmp_path: Path) -> None:
        code, output = check({"DATA": str(tmp_path / "data")})
        assert code == 0, output
        assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret-key"]

    def test_a_folder_that_cannot_be_written_is_one_sentence(self) -> None:
        code, output = check({"DATA": "/proc/here"})
        assert code == 1
        assert "Set DATA to another folder." in output
        assert len(output.splitlines()) == 1

    def test_debug_is_allowed(self, tmp_path: Path) -> None:
        assert check({"DATA": str(tmp_path), "DEBUG": "true"})[0] == 0
