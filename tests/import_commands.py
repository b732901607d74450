"""Running the import commands as a person does: on a file, with options, reading what they say."""

import json
from io import StringIO
from pathlib import Path

from django.core.management import call_command
from django.db import connection

DAY = Path(__file__).parent / "data" / "day"


def run(command, file, *options):
    """The summary that the command prints as JSON."""
    out = StringIO()
    call_command(command, str(file), *map(str, options), "--json", stdout=out)
    return json.loads(out.getvalue())


def sheet(folder, columns, *rows, name="sheet.csv"):
    """A sheet with these columns; a row is a list of cells, or what differs from empty cells."""
    cells = [[row.get(c, "") for c in columns] if isinstance(row, dict) else row for row in rows]
    path = folder / name
    path.write_text("".join(",".join(line) + "\n" for line in [columns, *cells]), encoding="utf-8")
    return path


def versions(table):
    """Which version of each row is there: any write to a row changes it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, xmin::text, cmin::text, ctid::text FROM {table} ORDER BY id")
        return cursor.fetchall()
