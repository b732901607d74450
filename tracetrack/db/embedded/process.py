"""The processes of a PostgreSQL data folder: find, stop, clean up after a crash."""

import signal
import time
from pathlib import Path

import psutil

TIMEOUT_SECONDS = 60.0


class ProcessError(Exception):
    """A process does not end; the message says which."""


def find(data: Path) -> psutil.Process | None:
    """Return the server process of a data folder, None if there is none."""
    lines = _pid_file(data)
    if not lines[0].isdigit():
        return None
    try:
        process = psutil.Process(int(lines[0]))
    except psutil.NoSuchProcess:
        return None
    return process if _works_in(process, data) else None


def is_ready(data: Path) -> bool:
    """Return whether the server of a data folder accepts connections."""
    return find(data) is not None and _pid_file(data)[-1].strip() == "ready"


def stop(process: psutil.Process) -> None:
    """Stop a server: with a fast shutdown, or, if it hangs, with one that requires recovery."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        try:
            process.send_signal(number)
            process.wait(TIMEOUT_SECONDS)
        except psutil.TimeoutExpired:
            continue
        except psutil.NoSuchProcess:
            pass
        return
    raise ProcessError(f"PostgreSQL (process {process.pid}) does not end. Kill it.")


def remove_stale_files(data: Path, sockets: Path) -> None:
    """Remove PID file and sockets of a killed server after all its processes have ended.

    PostgreSQL does this itself, unless another process has got the same id, as happens after a
    reboot; it would then refuse to start. Raises ProcessError if its processes do not end.
    """
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while any(_works_in(process, data) for process in psutil.process_iter()):
        if time.monotonic() > deadline:
            raise ProcessError(f"Processes of a killed PostgreSQL still use {data}. Kill them.")
        time.sleep(0.05)
    for stale in (data / "postmaster.pid", *sockets.glob(".s.PGSQL.*")):
        stale.unlink(missing_ok=True)


def _works_in(process: psutil.Process, data: Path) -> bool:
    """Return whether this is a process of PostgreSQL with the data folder as working folder."""
    try:
        return process.name() == "postgres" and Path(process.cwd()) == data.resolve()
    except psutil.Error:
        return False


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text(encoding="utf-8").splitlines() or [""]
    except FileNotFoundError:
        return [""]
