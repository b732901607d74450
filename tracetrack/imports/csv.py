"""CSV files as spreadsheets save them: validated as a whole, then read row by row."""

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar, NamedTuple

from tracetrack.errors.problem import BadRow, BadSheet, Problem
from tracetrack.text_cleaning import escape_formula, unescape_formula

# Rows are read into memory; a longer one is a file with an unclosed quote, or no CSV.
MAX_ROW_BYTES = 1024 * 1024
SIGNATURES = {
    b"PK\x03\x04": "it is an Excel workbook or another ZIP file, not CSV",
    b"\xd0\xcf\x11\xe0": "it is an old Excel workbook, not CSV",
    b"\x89PNG": "it is a PNG picture, not CSV",
    b"\xff\xd8\xff": "it is a JPEG picture, not CSV",
    b"GIF8": "it is a GIF picture, not CSV",
    b"%PDF": "it is a PDF document, not CSV",
    b"\x1f\x8b": "it is compressed, not CSV",
    b"\xff\xfe": "it is in UTF-16, not UTF-8",
    b"\xfe\xff": "it is in UTF-16, not UTF-8",
}
# The beginnings of messages of the csv module, and better ones.
CSV_ERRORS = {
    "unexpected end of data": "a quote is opened before and never closed",
    "field larger than": "a cell is longer than 131072 characters; a quote may not be closed",
    "',' expected after": "something follows a closing quote",
    "new-line character seen": "a line ends with CR alone; lines end with LF or CRLF",
}
# The first columns of the rejects file.
ERROR_CODE_COLUMN, REASON_COLUMN = "code_of_refusal", "reason"


class Column(NamedTuple):
    """A column that a sheet must have, with a description."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row: the number of its last line, its raw cells, its cells by column, an error if any."""

    line: int
    raw: list[str]
    cells: Mapping[str, str]
    fault: Problem | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a row: applied, already, replayed, or the code of a problem."""

    APPLIED: ClassVar[str] = "applied"
    ACCEPTED: ClassVar[tuple[str, ...]] = ("applied", "already", "replayed")

    name: str
    problem: Problem | None = None

    @classmethod
    def refused(cls, problem: Problem) -> "Verdict":
        return cls(problem.code, problem)


class Sheet:
    """A CSV file with a header.

    Its methods raise BadSheet, which names the fault and the line.
    """

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self.path = path
        self._names = [column.name for column in columns]

    def check(self) -> int:
        """Validate the whole sheet and return the number of rows."""
        with _open(self.path) as file:
            records = _records(file)
            self._header(records)
            return sum(1 for _ in records)

    def header(self) -> list[str]:
        """Return the names of all columns of the sheet, also of those that are not imported."""
        with _open(self.path) as file:
            return self._header(_records(file))

    def rows(self) -> Iterator[SheetRow]:
        """Yield the rows without blank lines. A row of the wrong length has a fault."""
        with _open(self.path) as file:
            records = _records(file)
            header = self._header(records)
            indexes = {name: header.index(name) for name in self._names}
            for line, raw in records:
                # Escaped cells begin with an apostrophe.
                has_quote = "'" in "".join(raw)
                cells = [unescape_formula(cell) for cell in raw] if has_quote else raw
                if len(cells) != len(header):
                    reason = f"has {len(cells)} cells, the header {len(header)}"
                    yield SheetRow(line, raw, {}, BadRow(field=f"line {line}", reason=reason))
                else:
                    yield SheetRow(
                        line, raw, {name: cells[index] for name, index in indexes.items()}
                    )

    def _header(self, records: Iterator[tuple[int, list[str]]]) -> list[str]:
        _, names = next(records, (0, []))
        header = [unescape_formula(name.strip().lower()) for name in names]
        if not header:
            raise BadSheet(reason="it is empty")
        missing = [name for name in self._names if name not in header]
        if missing and len(header) == 1 and re.search(r"[;\t|]", header[0]):
            raise BadSheet(reason="its cells are not separated by commas")
        if missing:
            raise BadSheet(reason=f"it has no column {', '.join(missing)}")
        duplicates = [name for name, times in Counter(header).items() if name and times > 1]
        if duplicates:
            raise BadSheet(reason=f"it has more than one column {', '.join(duplicates)}")
        return header


class Rejects:
    """Writes rejected rows as a sheet that can be corrected and imported again.

    The columns with error code and reason come first, so that a row with too few or too many cells
    keeps its length. An import ignores both columns.
    """

    def __init__(self, file: IO[str], header: Collection[str]) -> None:
        self._writer = csv.writer(file)
        self._indexes = [
            index
            for index, name in enumerate(header)
            if name not in (ERROR_CODE_COLUMN, REASON_COLUMN)
        ]
        self._length = len(header)
        names = [name for name in header if name not in (ERROR_CODE_COLUMN, REASON_COLUMN)]
        self._writer.writerow([ERROR_CODE_COLUMN, REASON_COLUMN, *map(escape_formula, names)])

    def write(self, row: SheetRow, problem: Problem) -> None:
        """Write a row and its problem."""
        cells = [row.raw[index] for index in self._indexes if index < len(row.raw)]
        cells += row.raw[self._length :]
        line = [problem.code, str(problem), *map(unescape_formula, cells)]
        self._writer.writerow([escape_formula(cell) for cell in line])


class _Lines:
    """Iterates over the decoded lines of a file, and limits the size of a record.

    The reader sets `record_bytes` to 0 before each record.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.number = 0
        self.record_bytes = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._file.readline(MAX_ROW_BYTES + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self.record_bytes += len(line)
        if self.record_bytes > MAX_ROW_BYTES:
            raise BadSheet(reason=f"the row on line {self.number} is longer than 1 MB")
        if b"\0" in line:
            raise BadSheet(reason=f"line {self.number} holds a NUL byte")
        try:
            return line.decode("utf-8-sig" if self.number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise BadSheet(reason=f"line {self.number} is not UTF-8") from None


def _open(path: Path) -> IO[bytes]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise BadSheet(reason=f"{path} cannot be opened ({error.strerror})") from None
    if not path.is_file():
        file.close()
        raise BadSheet(reason=f"{path} is not a regular file, and it has to be read twice")
    start = file.peek(8)[:8]
    for signature, reason in SIGNATURES.items():
        if start.startswith(signature):
            file.close()
            raise BadSheet(reason=reason)
    return file


def _records(file: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    lines = _Lines(file)
    reader = csv.reader(lines, strict=True)
    while True:
        lines.record_bytes = 0
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadSheet(reason=f"line {lines.number}: {_describe(error)}") from None
        if record:
            yield lines.number, record


def _describe(error: csv.Error) -> str:
    for start, words in CSV_ERRORS.items():
        if str(error).startswith(start):
            return words
    return str(error)
