"""Reading sheets as people leave them, and refusing what is none."""

import csv
import io
import tracemalloc

import pytest

from tracetrack.errors.problem import BadRow, BadSheet
from tracetrack.imports.csv import Column, Rejects, Sheet
from tracetrack.text_cleaning import escape_formula, unescape_formula

COLUMNS = [Column("code", "the code"), Column("note", "anything")]


def sheet(folder, content):
    path = folder / "sheet.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Sheet(path, COLUMNS)


def cells(sheet):
    return [dict(row.cells) for row in sheet.rows()]


class TestASheet:
    @pytest.mark.parametrize(
        "content",
        [
            "code,note\nA1,x\n",
            "code,note\r\nA1,x\r\n",
            "\ufeffcode,note\nA1,x",
            "Code , NOTE\nA1,x\n",
            "note,code\nx,A1\n",
            "code,extra,note\nA1,1,x\n",
            '"code","note"\n"A1","x"\n',
            "code,note\n\n\nA1,x\n\n",
        ],
        ids=["LF", "CRLF", "BOM", "spelling", "order", "extra", "quotes", "blank lines"],
    )
    def test_is_read_however_it_was_saved(self, tmp_path, content):
        assert cells(sheet(tmp_path, content)) == [{"code": "A1", "note": "x"}]

    def test_keeps_line_breaks_and_commas_in_quotes(self, tmp_path):
        text = 'code,note\nA1,"one, two\nthree ""four"""\nA2,नमी\n'

        rows = list(sheet(tmp_path, text).rows())

        assert [row.cells["note"] for row in rows] == ['one, two\nthree "four"', "नमी"]
        assert [row.line for row in rows] == [3, 4]

    def test_without_rows_has_none(self, tmp_path):
        assert sheet(tmp_path, "code,note\n").check() == 0

    @pytest.mark.parametrize(("row", "count"), [("A1", 1), ("A1,x,y", 3), ("A1,x,", 3)])
    def test_finds_fault_with_a_row_of_another_length_and_goes_on(self, tmp_path, row, count):
        rows = list(sheet(tmp_path, f"code,note\n{row}\nA2,x\n").rows())

        assert isinstance(rows[0].fault, BadRow)
        assert str(rows[0].fault) == f"line 2: has {count} cells, the header 2."
        assert rows[1].fault is None

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"", "it is empty"),
            (b"\n\n", "it is empty"),
            (b"\xef\xbb\xbf", "it is empty"),
            (b"code\nA1\n", "it has no column note"),
            (b"A1,x\nA2,y\n", "it has no column code, note"),
            (b"code,note,code\nA1,x,A2\n", "it has more than one column code"),
            (b"code;note\nA1;x\n", "its cells are not separated by commas"),
            (b"code\tnote\nA1\tx\n", "its cells are not separated by commas"),
            ("code,note\nA1,नमी\n".encode("utf-16"), "it is in UTF-16, not UTF-8"),
            ("code,note\nA1,x\nA2,café\n".encode("latin-1"), "line 3 is not UTF-8"),
            (b"code,note\nA1,x\0\n", "line 2 holds a NUL byte"),
            (b"code,note\nA1,\xed\xa0\x80\n", "line 2 is not UTF-8"),
            (b'code,note\nA1,"x\nA2,y\n', "line 3: a quote is opened before and never closed"),
            (b'code,note\nA1,"x" y\n', "line 2: something follows a closing quote"),
            (b"code,note\rA1,x\r", "line 1: a line ends with CR alone; lines end with LF or CRLF"),
            (b"PK\x03\x04\x14\0\x06\0", "it is an Excel workbook or another ZIP file, not CSV"),
            (b"\x89PNG\r\n\x1a\n", "it is a PNG picture, not CSV"),
            (b"%PDF-1.7\n", "it is a PDF document, not CSV"),
            (b"\x1f\x8b\x08\0", "it is compressed, not CSV"),
            (b"\x7fELF\x02\x01\x01\0", "line 1 holds a NUL byte"),
        ],
    )  # fmt: skip
    def test_that_is_none_is_refused_with_a_sentence(self, tmp_path, content, sentence):
        with pytest.raises(BadSheet) as refusal:
            sheet(tmp_path, content).check()

        assert str(refusal.value) == f"This sheet cannot be read: {sentence}."

    @pytest.mark.parametrize("path", ["missing.csv", "."])
    def test_that_is_not_there_is_refused_with_a_sentence(self, tmp_path, path):
        with pytest.raises(BadSheet, match="cannot be opened"):
            Sheet(tmp_path / path, COLUMNS).check()

    @pytest.mark.parametrize(
        "content",
        [
            b"code,note\nA1," + b"x" * 100_000_000,
            b'code,note\nA1,"' + b"x\n" * 1_000_000,
            b"code,note\n" + b'"A\n",' * 1_000_000,
        ],
        ids=["one line", "an open quote", "many cells"],
    )
    def test_with_a_row_without_end_is_refused_in_little_memory(self, tmp_path, content):
        endless = sheet(tmp_path, content)
        del content
        tracemalloc.start()
        try:
            with pytest.raises(BadSheet):
                endless.check()
            assert tracemalloc.get_traced_memory()[1] < 32 * 1024 * 1024
        finally:
            tracemalloc.stop()


class TestAFormula:
    @pytest.mark.parametrize("text", ["=1+1", "+91", "-", "@x", "\tx", "\rx", "'=1", "''-1"])
    def test_is_escaped_and_restored(self, text):
        escaped = escape_formula(text)

        assert escaped == f"'{text}"
        assert unescape_formula(escaped) == text

    @pytest.mark.parametrize("text", ["", "ok", "'quoted'", "1-1", "नमी"])
    def test_is_nothing_else(self, text):
        assert escape_formula(text) == text
        assert unescape_formula(text) == text


class TestRejects:
    def test_can_be_read_again_as_they_were(self, tmp_path):
        source = sheet(tmp_path, "code,extra,note\nA1,9,=1+1\nA2,8\nA3,7,x,y\n")
        written = self.rejected(source)
        again = sheet(tmp_path, written)

        rows = list(again.rows())

        assert [row.cells.get("note") for row in rows] == ["=1+1", None, None]
        assert [row.fault is None for row in rows] == [True, False, False]
        assert "'=1+1" in written
        assert self.rejected(again) == written

    def test_escape_the_header_too(self, tmp_path):
        written = self.rejected(sheet(tmp_path, "code,note,=1+1\nA1,x,y\n"))

        assert written.splitlines()[0] == "code_of_refusal,reason,code,note,'=1+1"
        assert self.rejected(sheet(tmp_path, written)) == written

    def test_say_why_in_front(self, tmp_path):
        written = self.rejected(sheet(tmp_path, "code,note\nA1,x\n"))

        assert next(csv.DictReader(io.StringIO(written))) == {
            "code_of_refusal": "bad-row", "reason": "code: is odd.", "code": "A1", "note": "x",
        }  # fmt: skip

    def rejected(self, source):
        out = io.StringIO(newline="")
        rejects = Rejects(out, source.header())
        for row in source.rows():
            rejects.write(row, BadRow(field="code", reason="is odd"))
        return out.getvalue()
