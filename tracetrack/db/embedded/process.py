"""The processes of a PostgreSQL data folder: find them, end them, clear up after the killed."""

import signal
import time
from pathlib import Path

import psutil

PATIENCE_SECONDS = 60.0


class PostmasterError(Exception):
    """Processes do not end as they should; the message says which."""


def find(data: Path) -> psutil.Process | None:
    """Give the server of a data folder if it lives."""
    lines = _pid_file(data)
    if not lines[0].isdigit():
        return None
    try:
        process = psutil.Process(int(lines[0]))
    except psutil.NoSuchProcess:
        return None
    return process if _works_in(process, data) else None


def ready(data: Path) -> bool:
    """Tell whether the server of a data folder lives and takes connections."""
    return find(data) is not None and _pid_file(data)[-1].strip() == "ready"


def end(process: psutil.Process) -> None:
    """Stop a server: politely first; abruptly, which the next start recovers from, if it hangs."""
    for wish in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        try:
            process.send_signal(wish)
            process.wait(PATIENCE_SECONDS)
        except psutil.TimeoutExpired:
            continue
        except psutil.NoSuchProcess:
            pass
        return
    raise PostmasterError(f"PostgreSQL (process {process.pid}) does not end. End it by hand.")


def forget_the_dead(data: Path, sockets: Path) -> None:
    """Remove what a killed server left, once none of its processes lives.

    PostgreSQL does this itself unless another process got the same id since, as happens after a
    restart of the machine; then it would refuse to start for ever.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(_works_in(process, data) for process in psutil.process_iter()):
        if time.monotonic() > deadline:
            raise PostmasterError(f"Processes of a killed PostgreSQL still use {data}. End them.")
        time.sleep(0.05)
    for left in (data / "postmaster.pid", *sockets.glob(".s.PGSQL.*")):
        left.unlink(missing_ok=True)


def _works_in(process: psutil.Process, data: Path) -> bool:
    """All processes of PostgreSQL have their data folder as their working folder."""
    try:
        return process.name() == "postgres" and Path(process.cwd()) == data.resolve()
    except psutil.Error:
        return False


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text(encoding="utf-8").splitlines() or [""]
    except FileNotFoundError:
        return [""]
