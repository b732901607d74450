"""The options and errors of the import commands."""

import csv
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.roles import Role
from audit.models import AuditEntry
from bags.models import Bag
from scans.models import Scan
from scans.recording import bulk
from tests.factories import create_reference_data, make_user
from tests.import_commands import run_import, write_sheet

COLUMNS = [
    "ref", "code", "parent_code", "step", "area", "station", "actor", "scanned_at", "note",
]  # fmt: skip
GOOD = {
    "ref": "0b8f3c9e-58f4-4b8e-9a59-000000000001",
    "code": "SB10001",
    "step": "register",
    "area": "hisar",
    "actor": "asha",
    "scanned_at": "2026-10-05T08:00:00+05:30",
}


def make_ref(number):
    return f"0b8f3c9e-58f4-4b8e-9a59-{number:012}"


@pytest.fixture(autouse=True)
def asha(db):
    create_reference_data()
    return make_user("asha", Role.OPERATOR)


def run_as_text(command, *arguments):
    out = StringIO()
    call_command(command, *map(str, arguments), stdout=out)
    return out.getvalue()


class TestImport:
    def test_is_made_by_the_inactive_system_user_by_default(self, tmp_path):
        file = write_sheet(tmp_path, COLUMNS, GOOD)

        run_import("import_scans", file)

        system = User.objects.get(username="system")
        assert (system.is_active, system.has_usable_password()) == (False, False)
        assert AuditEntry.objects.get().actor == system
        assert Scan.objects.get().actor.username == "asha"

    @pytest.mark.parametrize("name", ["nobody", "gone"])
    def test_refuses_an_unknown_or_inactive_user(self, tmp_path, name):
        gone = make_user("gone", Role.OFFICE)
        gone.is_active = False
        gone.save()

        with pytest.raises(CommandError, match=f"There is no active user {name}"):
            run_import("import_scans", write_sheet(tmp_path, COLUMNS, GOOD), "--as", name)

    @pytest.mark.parametrize("actor", ["", "nobody", "gone"])
    def test_refuses_a_row_without_an_active_actor(self, tmp_path, actor):
        gone = make_user("gone", Role.OPERATOR)
        gone.is_active = False
        gone.save()
        file = write_sheet(tmp_path, COLUMNS, GOOD | {"actor": actor})

        assert run_import("import_scans", file) == {"rows": 1, "bad-row": 1}

    def test_prints_the_number_of_rows_by_verdict(self, tmp_path):
        rows = [GOOD, GOOD, GOOD | {"ref": make_ref(2), "code": "?"}]

        output = run_as_text("import_scans", write_sheet(tmp_path, COLUMNS, *rows))

        assert output.splitlines()[0] == "3 rows"
        assert {tuple(line.split()) for line in output.splitlines()[1:4]} == {
            ("1", "applied"), ("1", "replayed"), ("1", "bad-code"),
        }  # fmt: skip
        assert "--rejects" in output

    def test_writes_refused_rows_that_can_be_corrected_and_imported(self, tmp_path):
        rows = [
            GOOD,
            GOOD | {"ref": make_ref(2), "code": "SB10002", "area": "hissar", "note": "=1+1"},
            GOOD | {"ref": make_ref(3), "code": "?"},
            [make_ref(4), "SB10004", "", "register", "hisar", "", "asha"],
        ]
        rejects = tmp_path / "rejects.csv"
        file = write_sheet(tmp_path, COLUMNS, *rows)

        summary = run_import("import_scans", file, "--rejects", rejects)

        assert summary == {"rows": 4, "applied": 1, "bad-code": 1, "bad-row": 2}
        text = rejects.read_text(encoding="utf-8-sig")
        refused = list(csv.DictReader(text.splitlines()))
        assert [row["code_of_refusal"] for row in refused] == ["bad-row", "bad-code", "bad-row"]
        assert refused[0]["reason"] == "area: there is no area hissar."
        assert refused[0]["note"] == "'=1+1"

        assert run_import("import_scans", rejects) == {"rows": 3, "bad-code": 1, "bad-row": 2}

        text = text.replace("hissar", "hisar").replace("?,", "SB10003,")
        rejects.write_text(text.replace(",asha\n", ",asha,2026-10-05T08:00:00+05:30,\n"))
        assert run_import("import_scans", rejects) == {"rows": 3, "applied": 3}
        assert Scan.objects.get(ref=make_ref(2)).note == "=1+1"

    def test_reports_a_missing_actor(self, tmp_path):
        rejects = tmp_path / "rejects.csv"
        run_import(
            "import_scans",
            write_sheet(tmp_path, COLUMNS, GOOD | {"actor": " "}),
            "--rejects",
            rejects,
        )

        assert "actor: is missing." in rejects.read_text(encoding="utf-8-sig")

    @pytest.mark.parametrize("make", [Path.touch, str])
    def test_refuses_one_file_for_verdicts_and_rejects(self, tmp_path, make):
        make(tmp_path / "out")
        outputs = ("--verdicts", tmp_path / "out", "--rejects", tmp_path / "." / "out")

        with pytest.raises(CommandError, match="name the same file"):
            run_import("import_scans", write_sheet(tmp_path, COLUMNS, GOOD), *outputs)

        assert not Scan.objects.exists()

    def test_reports_its_progress_if_the_disk_is_full(self, tmp_path):
        file = write_sheet(tmp_path, COLUMNS, GOOD, GOOD | {"ref": make_ref(2), "code": "SB10002"})

        with pytest.raises(CommandError, match=r"No space left.* first 2 rows .*saved"):
            run_import("import_scans", file, "--verdicts", "/dev/full")
        assert Scan.objects.count() == 2
        with pytest.raises(CommandError, match=r"No space left.* nothing was saved\.$"):
            run_import("import_scans", file, "--verdicts", "/dev/full", "--dry-run")

    @pytest.mark.parametrize("option", ["--verdicts", "--rejects"])
    def test_does_not_overwrite_its_sheet(self, tmp_path, option):
        file = write_sheet(tmp_path, COLUMNS, GOOD)
        before = file.read_bytes()

        with pytest.raises(CommandError, match="overwrite"):
            run_import("import_scans", file, option, tmp_path / "." / file.name)

        assert file.read_bytes() == before
        assert not Scan.objects.exists()

    def test_does_nothing_if_its_output_cannot_be_written(self, tmp_path):
        with pytest.raises(CommandError, match="cannot be written"):
            run_import("import_scans", write_sheet(tmp_path, COLUMNS, GOOD), "--verdicts", tmp_path)

        assert not Scan.objects.exists()

    @pytest.mark.parametrize("command", ["import_batches", "import_bags", "import_scans"])
    @pytest.mark.parametrize(
        "content", [b"", b"\x89PNG\r\n\x1a\n", b"a,b\n1,2\n", b"\xff\xfea\0"], ids=str
    )
    def test_refuses_files_that_are_no_sheets(self, tmp_path, command, content):
        file = tmp_path / "sheet.csv"
        file.write_bytes(content)

        with pytest.raises(CommandError, match="This sheet cannot be read"):
            run_import(command, file)

    def test_changes_nothing_if_the_last_line_is_invalid(self, tmp_path):
        file = write_sheet(tmp_path, COLUMNS, *([GOOD] * 1000))
        with file.open("ab") as end:
            end.write(b"caf\xe9\n")
        output = tmp_path / "verdicts.txt"
        output.write_text("as it was")

        with pytest.raises(CommandError, match="line 1002 is not UTF-8"):
            run_import("import_scans", file, "--verdicts", output)

        assert not Scan.objects.exists()
        assert not Bag.objects.exists()
        assert output.read_text() == "as it was"


def test_an_import_shortens_the_switch_interval_while_it_runs(tmp_path, monkeypatch):
    """Threads that wait for the database get their turn sooner."""
    default, intervals = sys.getswitchinterval(), []
    original = bulk.record_scans

    def record_scans(*args, **options):
        intervals.append(sys.getswitchinterval())
        return original(*args, **options)

    monkeypatch.setattr(bulk, "record_scans", record_scans)

    run_import("import_scans", write_sheet(tmp_path, COLUMNS, GOOD))

    assert intervals[0] < default
    assert sys.getswitchinterval() == default
