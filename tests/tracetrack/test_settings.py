"""The settings as a whole and the system checks, in a separate process."""

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


def run_check(variables: dict[str, str], *arguments: str) -> tuple[int, str]:
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **variables}
    result = subprocess.run(
        [sys.executable, "manage.py", "check", *arguments],
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
    )
    return result.returncode, result.stdout.strip()


class TestDeployed:
    def test_required_settings_are_sufficient(self) -> None:
        code, output = run_check(DEPLOYED, "--deploy", "--fail-level", "WARNING")
        assert code == 0, output

    @pytest.mark.parametrize("name", ["SECRET_KEY", "ALLOWED_HOSTS"])
    def test_required_settings(self, name: str) -> None:
        code, output = run_check({**DEPLOYED, name: ""})
        assert code == 1
        assert output == f"{name} is not set. See docs/settings.md."

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
            ("FORWARDED_ALLOW_IPS", "foo", 'FORWARDED_ALLOW_IPS contains "foo"'),
            ("CSRF_TRUSTED_ORIGINS", "example.org", 'CSRF_TRUSTED_ORIGINS contains "example.org"'),
            ("STATIC_CDN", "https://a.example/x", 'STATIC_CDN contains "https://a.example/x"'),
            ("STATIC_CDN", "https://a.example,https://b.example", "STATIC_CDN has 2 origins"),
            ("LOG_LEVEL", "loud", 'LOG_LEVEL is "loud".'),
            ("DATA", "manage.py", "which is a file. Name a folder."),
            ("SECRET_KEY_FILE", "/nowhere", "SECRET_KEY and SECRET_KEY_FILE are both set."),
        ],
    )
    def test_an_invalid_value_is_reported_in_one_sentence(
        self, name: str, value: str, sentence: str
    ) -> None:
        code, output = run_check({**DEPLOYED, name: value})
        assert code == 1
        assert sentence in output
        assert len(output.splitlines()) == 1, "one sentence and no traceback"

    def test_an_invalid_database_url_is_reported_first(self) -> None:
        code, output = run_check({"DATABASE_URL": "mysql://x"})
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
    def test_contradictory_settings_are_errors(
        self, variables: dict[str, str], identifier: str
    ) -> None:
        code, output = run_check({**DEPLOYED, **variables})
        assert code == 1
        assert f"({identifier})" in output
        assert output.count("(TT.") == 1
        assert "HINT:" in output

    def test_several_processes_without_redis_cause_a_warning(self) -> None:
        code, output = run_check({**DEPLOYED, "REDIS_URL": ""})
        assert code == 0
        assert "(TT.W001)" in output

    def test_the_maximum_number_of_connections_is_allowed(self) -> None:
        assert run_check({**DEPLOYED, "DB_POOL_BASE": "62", "DB_POOL_EXTRA": "10"})[0] == 0

    def test_too_few_threads_cause_a_warning(self) -> None:
        code, output = run_check({**DEPLOYED, "THREADS": "30", "DB_POOL_WAITING": "20"})
        assert code == 0
        assert "(TT.W002)" in output

    def test_a_server_with_fewer_connections_is_an_error(self) -> None:
        variables = {"DATABASE_URL": os.environ["DATABASE_URL"], "DB_SERVER_CONNECTIONS": "9999"}
        database = ("--tag", "database", "--database", "default")

        code, output = run_check({**DEPLOYED, **variables}, *database)

        assert code == 1
        assert "(TT.E008)" in output

    def test_an_unreachable_server_is_no_error(self) -> None:
        assert run_check(DEPLOYED, "--tag", "database", "--database", "default")[0] == 0

    @pytest.mark.parametrize(
        ("variables", "share"),
        [
            # Minimum and maximum of the pool, waiting requests of one process.
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
        names = "s.DB_POOL_MIN, s.DB_POOL_MAX, s.DB_POOL_WAITING"
        result = subprocess.run(
            [sys.executable, "-c", f"from tracetrack import settings as s; print(({names}))"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **DEPLOYED, **variables},
            text=True,
            capture_output=True,
            check=True,
        )
        assert result.stdout.strip() == str(share)


class TestLocal:
    def test_no_setting_is_required(self, tmp_path: Path) -> None:
        code, output = run_check({"DATA": str(tmp_path / "data")})
        assert code == 0, output
        assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret-key"]

    def test_an_unwritable_folder_is_reported_in_one_sentence(self) -> None:
        code, output = run_check({"DATA": "/proc/here"})
        assert code == 1
        assert "Set DATA to another folder." in output
        assert len(output.splitlines()) == 1

    def test_debug_is_allowed(self, tmp_path: Path) -> None:
        assert run_check({"DATA": str(tmp_path), "DEBUG": "true"})[0] == 0
