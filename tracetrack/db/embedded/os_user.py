"""Whom the embedded PostgreSQL runs as: it refuses root, and accounts without a name.

A user namespace in which we bear another name satisfies it and changes the owner of no file, so
the project may lie in /root. Where the machine forbids that, root steps down to an account.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class NotRootError(Exception):
    """Nobody is there whom PostgreSQL would run as; the message says what to do."""


@dataclass(frozen=True)
class Identity:
    """Whom a command runs as: words before it, arguments for subprocess, the owner of its files."""

    prefix: list[str] = field(default_factory=list)
    popen: dict[str, Any] = field(default_factory=dict)
    owner: int | None = None

    def own(self, path: Path) -> None:
        """Hand a file or folder that we made to whom the command runs as."""
        if self.owner is not None:
            os.chown(path, self.owner, -1)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a short command to its end and give its output."""
        return subprocess.run(
            [*self.prefix, *command],
            check=False,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            **self.popen,
        )


def identity(folder: Path, *, binary: Path) -> Identity:
    """Choose whom to be for a server with this data folder and this binary."""
    me, owner = os.geteuid(), folder.stat().st_uid
    if me == 0 and owner != 0:
        return _account(owner, folder, binary)
    if me != 0 and _has_name(me):
        return Identity()
    masked = _masked()
    if masked is not None:
        return masked
    if me == 0:
        return _account(pwd.getpwnam("nobody").pw_uid, folder, binary)
    raise NotRootError(
        f"User id {me} has no name on this machine, and PostgreSQL insists on one. "
        "Add it to /etc/passwd, or set DATABASE_URL to a PostgreSQL server."
    )


def _masked() -> Identity | None:
    """Be ourselves under another name, if the machine allows user namespaces."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    stranger = pwd.getpwnam("nobody")
    names = [f"--map-user={stranger.pw_uid}", f"--map-group={stranger.pw_gid}"]
    mask = Identity(prefix=[unshare, "--user", *names, "--"])
    return mask if mask.run("true").returncode == 0 else None


def _account(uid: int, folder: Path, binary: Path) -> Identity:
    """Step down to an account, provided that it reaches the data and the programs."""
    group = pwd.getpwuid(uid).pw_gid if _has_name(uid) else folder.stat().st_gid
    account = Identity(popen={"user": uid, "group": group, "extra_groups": []}, owner=uid)
    for path in (binary, folder.parent):
        if account.run("test", "-x", str(path)).returncode != 0:
            raise NotRootError(
                f"PostgreSQL refuses to run as root, and user id {uid} cannot enter {path}. "
                "Run this as an ordinary user, or set DATABASE_URL to a PostgreSQL server."
            )
    account.own(folder)
    return account


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
