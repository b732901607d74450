#!/usr/bin/env python
"""Run a management command, with the embedded database if it needs one."""

import os
import sys

from django.core.management import execute_from_command_line

from tracetrack import settings
from tracetrack.db.embedded import cluster

# Commands that need no database, or (devdb, serve) start and stop it themselves.
WITHOUT_DATABASE = frozenset(
    {
        "check",
        "collectstatic",
        "compilemessages",
        "devdb",
        "diffsettings",
        "findstatic",
        "generate_docs",
        "help",
        "makemessages",
        "serve",
        "startapp",
        "test",
        "version",
    }
)


def main(arguments: list[str]) -> None:
    """Run the command in `arguments`, which has the form of sys.argv."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracetrack.settings")
    if not settings.LOCAL or not needs_database(arguments[1:]):
        execute_from_command_line(arguments)
        return
    try:
        with cluster.using(settings.DATA / "pg"):
            execute_from_command_line(arguments)
    except cluster.ClusterError as error:
        sys.exit(str(error))


def needs_database(arguments: list[str]) -> bool:
    """Return whether a command line needs the database; --help does not."""
    if not arguments or {"-h", "--help", "--version"} & set(arguments):
        return False
    return arguments[0] not in WITHOUT_DATABASE


if __name__ == "__main__":
    main(sys.argv)
