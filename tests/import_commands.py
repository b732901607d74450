"""Run the import commands on files and read their output."""

import json
from io import StringIO
from pathlib import Path

from django.core.management import call_command
from django.db import connection

DAY = Path(__file__).parent / "data" / "day"


def run_import(command, file, *options):
    """Run a command and return the summary that it prints as JSON."""
    out = StringIO()
    call_command(command, str(file), *map(str, options), "--json", stdout=out)
    return json.loads(out.getvalue())


def write_sheet(folder, columns, *rows, name="sheet.csv"):
    """Write a sheet. A row is a list of cells, or a dict of the cells that are not empty."""
    cells = [[row.get(c, "") for c in columns] if isinstance(row, dict) else row for row in rows]
    path = folder / name
    path.write_text("".join(",".join(line) + "\n" for line in [columns, *cells]), encoding="utf-8")
    return path


def row_versions(table):
    """Return the version of each row of a table: every write to a row changes it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, xmin::text, cmin::text, ctid::text FROM {table} ORDER BY id")
        return cursor.fetchall()
