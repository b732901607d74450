"""CSV as people and spreadsheets leave it: checked as a whole, read a row at a time."""

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar, NamedTuple

from tracetrack.errors.problem import BadRow, BadSheet, Problem

# No honest line comes near it; more would be read into memory for nothing.
LONGEST_LINE = 1024 * 1024
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
# What the csv module says, and what it means.
FAULTS = {
    "unexpected end of data": "a quote is opened before and never closed",
    "field larger than": "a cell is longer than 131072 characters; a quote may not be closed",
    "',' expected after": "something follows a closing quote",
    "new-line character seen": "a line ends with CR alone; lines end with LF or CRLF",
}
REFUSAL, REASON = "code_of_refusal", "reason"
# What a spreadsheet would run instead of showing it; and the same with our escape before it.
FORMULA = re.compile(r"'*[=+\-@\t\r]")
ESCAPED = re.compile(r"'+[=+\-@\t\r]")


class Column(NamedTuple):
    """A column that a sheet must have, and what its cells say."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line on which it ends, its cells as they stand there, and by column."""

    line: int
    raw: list[str]
    cells: Mapping[str, str]
    fault: Problem | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a row: applied, already, replayed, or the code of the problem."""

    APPLIED: ClassVar[str] = "applied"
    ACCEPTED: ClassVar[tuple[str, ...]] = ("applied", "already", "replayed")

    name: str
    problem: Problem | None = None

    @classmethod
    def refused(cls, problem: Problem) -> "Verdict":
        return cls(problem.code, problem)


def formula_escaped(text: str) -> str:
    """`text` as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if FORMULA.match(text) else text


def formula_restored(text: str) -> str:
    """What formula_escaped() was given."""
    return text[1:] if ESCAPED.match(text) else text


class Sheet:
    """A CSV file with a header. Raises BadSheet, which says what is wrong and on which line."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self.path = path
        self._names = [column.name for column in columns]

    def check(self) -> int:
        """Read the whole sheet without keeping it, and count its rows."""
        with _opened(self.path) as file:
            records = _records(file)
            self._header(records)
            return sum(1 for _ in records)

    def header(self) -> list[str]:
        """The names of all columns that the sheet has, also those nobody asked for."""
        with _opened(self.path) as file:
            return self._header(_records(file))

    def rows(self) -> Iterator[Row]:
        """The rows, one at a time; blank lines are none. A row of another length has a fault."""
        with _opened(self.path) as file:
            records = _records(file)
            header = self._header(records)
            wanted = {name: header.index(name) for name in self._names}
            for line, raw in records:
                # Only what begins with an apostrophe was ever escaped.
                quoted = "'" in "".join(raw)
                cells = [formula_restored(cell) for cell in raw] if quoted else raw
                if len(cells) != len(header):
                    reason = f"has {len(cells)} cells, the header {len(header)}"
                    yield Row(line, raw, {}, BadRow(field=f"line {line}", reason=reason))
                else:
                    yield Row(line, raw, {name: cells[at] for name, at in wanted.items()})

    def _header(self, records: Iterator[tuple[int, list[str]]]) -> list[str]:
        _, names = next(records, (0, []))
        header = [formula_restored(name.strip().lower()) for name in names]
        if not header:
            raise BadSheet(reason="it is empty")
        missing = [name for name in self._names if name not in header]
        if missing and len(header) == 1 and re.search(r"[;\t|]", header[0]):
            raise BadSheet(reason="its cells are not parted by commas")
        if missing:
            raise BadSheet(reason=f"it has no column {', '.join(missing)}")
        twice = [name for name, times in Counter(header).items() if name and times > 1]
        if twice:
            raise BadSheet(reason=f"it has more than one column {', '.join(twice)}")
        return header


class Rejects:
    """Writes refused rows as a sheet to mend and import again; cells stay as they were.

    The two columns about the refusal come first, so that a row with too few or too many cells is
    still just that. Reading ignores them.
    """

    def __init__(self, file: IO[str], header: Collection[str]) -> None:
        self._writer = csv.writer(file)
        self._kept = [at for at, name in enumerate(header) if name not in (REFUSAL, REASON)]
        self._length = len(header)
        names = [name for name in header if name not in (REFUSAL, REASON)]
        self._writer.writerow([REFUSAL, REASON, *map(formula_escaped, names)])

    def write(self, row: Row, problem: Problem) -> None:
        """Add a row and why it was refused."""
        cells = [row.raw[at] for at in self._kept if at < len(row.raw)]
        cells += row.raw[self._length :]
        line = [problem.code, str(problem), *map(formula_restored, cells)]
        self._writer.writerow([formula_escaped(cell) for cell in line])


class _Lines:
    """The lines of a file, decoded and bounded; counts what the present record has taken."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.number = 0
        self.taken = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._file.readline(LONGEST_LINE + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self.taken += len(line)
        if self.taken > LONGEST_LINE:
            raise BadSheet(reason=f"the row on line {self.number} is longer than 1 MB")
        if b"\0" in line:
            raise BadSheet(reason=f"line {self.number} holds a NUL byte")
        try:
            return line.decode("utf-8-sig" if self.number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise BadSheet(reason=f"line {self.number} is not UTF-8") from None


def _opened(path: Path) -> IO[bytes]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise BadSheet(reason=f"{path} cannot be opened ({error.strerror})") from None
    if not path.is_file():
        file.close()
        raise BadSheet(reason=f"{path} is no file, and it must be read twice")
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
        lines.taken = 0
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadSheet(reason=f"line {lines.number}: {_in_words(error)}") from None
        if record:
            yield lines.number, record


def _in_words(error: csv.Error) -> str:
    for start, words in FAULTS.items():
        if str(error).startswith(start):
            return words
    return str(error)
