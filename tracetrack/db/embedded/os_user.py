"""The operating system user of the embedded PostgreSQL, which refuses root and unnamed users.

A user namespace that maps the user to another name satisfies it without a change of file owners, so
the project may be in /root. If the machine forbids namespaces, root switches to another user.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class OsUserError(Exception):
    """There is no user that PostgreSQL accepts; the message says what to do."""


@dataclass(frozen=True)
class Identity:
    """The user of a command: a command prefix, arguments for Popen, the owner of its files."""

    prefix: list[str] = field(default_factory=list)
    popen: dict[str, Any] = field(default_factory=dict)
    owner: int | None = None

    def give(self, path: Path) -> None:
        """Make this user the owner of a file or folder."""
        if self.owner is not None:
            os.chown(path, self.owner, -1)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command and return its result with stdout and stderr combined."""
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


def choose_identity(folder: Path, *, binary: Path) -> Identity:
    """Return the user for a server with this data folder and binary; raises OsUserError."""
    uid, owner_uid = os.geteuid(), folder.stat().st_uid
    if uid == 0 and owner_uid != 0:
        return _switched_user(owner_uid, folder, binary)
    if uid != 0 and _has_name(uid):
        return Identity()
    mapped = _mapped_user()
    if mapped is not None:
        return mapped
    if uid == 0:
        return _switched_user(pwd.getpwnam("nobody").pw_uid, folder, binary)
    raise OsUserError(
        f"User id {uid} has no name on this machine, which PostgreSQL requires. "
        "Add it to /etc/passwd, or set DATABASE_URL to a PostgreSQL server."
    )


def _mapped_user() -> Identity | None:
    """Return the present user under another name; None without user namespaces."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    nobody = pwd.getpwnam("nobody")
    names = [f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}"]
    mapped = Identity(prefix=[unshare, "--user", *names, "--"])
    return mapped if mapped.run("true").returncode == 0 else None


def _switched_user(uid: int, folder: Path, binary: Path) -> Identity:
    """Return another user to switch to; raises OsUserError if it cannot access the files."""
    group = pwd.getpwuid(uid).pw_gid if _has_name(uid) else folder.stat().st_gid
    account = Identity(popen={"user": uid, "group": group, "extra_groups": []}, owner=uid)
    for path in (binary, folder.parent):
        if account.run("test", "-x", str(path)).returncode != 0:
            raise OsUserError(
                f"PostgreSQL refuses to run as root, and user id {uid} cannot enter {path}. "
                "Run this as an ordinary user, or set DATABASE_URL to a PostgreSQL server."
            )
    account.give(folder)
    return account


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
