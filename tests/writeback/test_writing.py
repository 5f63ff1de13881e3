"""Where the results go, and that nothing of the user's is lost on the way."""

import hashlib
import io
import os
import shutil
import stat
import subprocess
import sys
import textwrap
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
import python_calamine
import xlwt

from importer.loader.dialect import Dialect
from importer.writeback import Annotation, RowNote, delimited, find_output_fault, write_back
from importer.writeback import workbook as patching
from importer.writeback.outputs import Outputs
from importer.writeback.replace import Moved, put_in_place
from importer.writeback.rows import RowPatcher
from tests.writeback import workbook_corpus as corpus
from tests.writeback.conftest import OURS, make_annotation

HEADERS = corpus.HEADERS


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rows_of(path, sheet="Tickets"):
    """Return the rows of a workbook's sheet, as an independent reader has them."""
    return python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python(skip_empty_area=False)


def names_in(folder):
    return [path.name for path in folder.iterdir()]


def text_of(written):
    return " ".join(map(str, written.notices))


@pytest.fixture
def workbook(tmp_path):
    path = tmp_path / "edits.xlsx"
    path.write_bytes(corpus.by_openpyxl())
    return path


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "edits.csv"
    path.write_bytes("id;a\r\n1;é\r\n2;y".encode("cp1252"))
    return path


def table_annotation():
    notes = [RowNote(2, "updated", key="1"), RowNote(3, "failed", "=why", key="2")]
    return Annotation(None, 1, ("id", "a"), lambda: iter(notes), dialect=Dialect("cp1252", ";", False))


def test_results_go_into_the_workbook(workbook):
    written = write_back(workbook, make_annotation(HEADERS), digest=digest(workbook))

    assert (written.path, written.beside, written.notices) == (workbook, False, ())
    assert rows_of(workbook)[0][5:7] == [*OURS]
    assert names_in(workbook.parent) == ["edits.xlsx"]


def test_a_sheet_without_room_gets_the_results_alone_and_says_so(tmp_path, monkeypatch):
    """Nothing fits right of the last column; a copy of the values has no more room than the sheet."""
    monkeypatch.setattr(patching, "LAST_COLUMN", 5)
    book = openpyxl.Workbook()
    book.active.title = "Tickets"
    for row in (["id", "a", "b", "c", "d"], [7, 1, 2, 3, 4]):
        book.active.append(row)
    path = tmp_path / "edits.xlsx"
    book.save(path)
    before = path.read_bytes()
    annotation = make_annotation(["id", *"abcd"], notes=lambda: iter([RowNote(2, "updated", "", "7")]), faulty=())

    written = write_back(path, annotation, digest=digest(path))

    assert path.read_bytes() == before
    assert rows_of(written.path) == [["Row", "Key", *OURS], [2, "7", "updated", ""]]
    assert "edits.results.xlsx holds the results alone" in text_of(written)
    assert "values" not in text_of(written)


def test_results_go_into_the_table(table):
    written = write_back(table, table_annotation(), digest=digest(table))

    assert (written.path, written.beside) == (table, False)
    assert table.read_bytes() == "id;a;Import status;Import message\r\n1;é;updated;\r\n2;y;failed;2: =why".encode(
        "cp1252"
    )


def test_output_leaves_the_file_alone(workbook, tmp_path):
    before = workbook.read_bytes()
    target = tmp_path / "annotated.xlsx"

    written = write_back(workbook, make_annotation(HEADERS), output=target, digest=digest(workbook))

    assert (written.path, written.beside, written.notices) == (target, False, ())
    assert workbook.read_bytes() == before
    assert rows_of(target)[1][5] == "updated"


def test_output_that_is_the_file_itself_replaces_it(workbook):
    written = write_back(workbook, make_annotation(HEADERS), output=workbook, digest=digest(workbook))

    assert (written.path, written.beside) == (workbook, False)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_permissions_are_kept(workbook, mode):
    workbook.chmod(mode)

    write_back(workbook, make_annotation(HEADERS), digest=digest(workbook))

    assert stat.S_IMODE(workbook.stat().st_mode) == mode


@pytest.mark.skipif(os.name != "posix", reason="links and modes are POSIX's")
def test_a_link_stays_a_link(workbook, tmp_path):
    link = tmp_path / "link.xlsx"
    link.symlink_to(workbook)

    written = write_back(link, make_annotation(HEADERS), digest=digest(workbook))

    assert written.path == link
    assert link.is_symlink()
    assert rows_of(workbook)[0][5:7] == [*OURS]


@pytest.mark.parametrize(("owner", "program"), [("~$edits.xlsx", "Excel"), (".~lock.edits.xlsx#", "LibreOffice")])
def test_a_file_that_is_open_is_left_alone(workbook, owner, program):
    before = workbook.read_bytes()
    (workbook.parent / owner).write_text("Ann")

    written = write_back(workbook, make_annotation(HEADERS), digest=digest(workbook))

    assert written.beside
    assert written.path == workbook.parent / "edits.results.xlsx"
    assert program in text_of(written)
    assert "edits.results.xlsx" in text_of(written)
    assert workbook.read_bytes() == before
    assert corpus.Parts.read(written.path.read_bytes()).keys() >= corpus.Parts.read(before).keys()
    assert rows_of(written.path)[0][5:7] == [*OURS]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_read_only_file_is_left_alone_and_its_results_are_no_more_public(workbook):
    workbook.chmod(0o400)

    written = write_back(workbook, make_annotation(HEADERS), digest=digest(workbook))

    assert written.beside
    assert "read-only" in text_of(written)
    assert stat.S_IMODE(written.path.stat().st_mode) == 0o600


def test_a_file_saved_meanwhile_is_left_alone(workbook):
    """Rows may have moved: the results stand beside their keys, not beside rows."""
    read = digest(workbook)
    book = openpyxl.load_workbook(workbook)
    book["Tickets"].delete_rows(2)
    book.save(workbook)
    before = workbook.read_bytes()
    notes = [RowNote(2, "updated", key="250000001"), RowNote(4, "failed", "why", key="250000003")]

    written = write_back(workbook, make_annotation(HEADERS, notes=lambda: iter(notes)), digest=read)

    assert written.beside
    assert workbook.read_bytes() == before
    assert "changed" in text_of(written)
    assert rows_of(written.path) == [
        ["Row", "Key", *OURS],
        [2, "250000001", "updated", ""],
        ["", "", "", ""],
        [4, "250000003", "failed", "why"],
    ]


def test_a_table_saved_meanwhile_is_left_alone(table):
    before = table.read_bytes()

    written = write_back(table, table_annotation(), digest="0" * 64)

    assert written.path == table.parent / "edits.results.csv"
    assert table.read_bytes() == before
    lines = written.path.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == '"Row","Key","Import status","Import message"'
    assert lines[2] == '"3","2","failed","\'=why"'


def test_a_file_that_is_gone_gets_its_results_all_the_same(workbook):
    read = digest(workbook)
    workbook.unlink()

    written = write_back(workbook, make_annotation(HEADERS), digest=read)

    assert written.beside
    assert rows_of(written.path)[1][2] == "updated"
    assert [str(one) for one in written.notices] == ["edits.xlsx is gone.", f"The results are in {written.path}."]


def test_only_results_that_are_as_we_left_them_are_replaced(workbook, tmp_path):
    taken = workbook.parent / "edits.results.xlsx"
    shutil.copy(workbook, taken)
    before = taken.read_bytes()
    (workbook.parent / "~$edits.xlsx").touch()
    outputs = Outputs(tmp_path / "state")

    def results():
        return write_back(workbook, make_annotation(HEADERS), digest=digest(workbook), outputs=outputs).path.name

    first, second = results(), results()
    book = openpyxl.load_workbook(workbook.parent / first)
    book["Tickets"]["J5"] = "a note of mine"
    book.save(workbook.parent / first)
    edited = (workbook.parent / first).read_bytes()

    assert (first, second, results()) == ("edits.results-2.xlsx", "edits.results-2.xlsx", "edits.results-3.xlsx")
    assert taken.read_bytes() == before
    assert (workbook.parent / first).read_bytes() == edited


def test_a_signed_workbook_is_left_alone(workbook):
    parts = corpus.Parts.read(workbook.read_bytes())
    origin = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/origin"
    parts.add("_xmlsignatures/origin.sigs", b"", origin, owner="")
    workbook.write_bytes(parts.pack())

    written = write_back(workbook, make_annotation(HEADERS), digest=digest(workbook))

    assert written.beside
    assert "signed" in text_of(written)
    assert rows_of(written.path)[0][5:7] == [*OURS]


def test_results_of_an_old_format_go_beside_it(tmp_path):
    path = tmp_path / "edits.xls"
    book = xlwt.Workbook()
    sheet = book.add_sheet("Tickets")
    for row, values in enumerate([HEADERS[:4], *(corpus.row_values(row) for row in range(1, 4))]):
        for column, value in enumerate(values):
            sheet.write(row, column, "=not a formula \x02" if (row, column) == (2, 1) else value)
    book.save(str(path))
    before = path.read_bytes()

    written = write_back(path, make_annotation(HEADERS[:4], rows=range(2, 5)), digest=digest(path))

    assert written.path == tmp_path / "edits.results.xlsx"
    assert path.read_bytes() == before
    assert [row[:4] for row in rows_of(written.path)] == rows_of(path)
    assert [row[4] for row in rows_of(written.path)] == ["Import status", "updated", "invalid", "updated"]
    assert openpyxl.load_workbook(written.path)["Tickets"]["B3"].data_type == "s"


def test_macros_stay_in_the_file_and_results_beside_have_none(tmp_path):
    path = tmp_path / "edits.xlsm"
    path.write_bytes(corpus.with_everything())
    in_place = write_back(path, make_annotation(HEADERS), digest=digest(path))
    (tmp_path / "~$edits.xlsm").touch()

    beside = write_back(path, make_annotation((*HEADERS, *OURS)), digest=digest(path))

    assert (in_place.path, in_place.beside) == (path, False)
    assert "xl/vbaProject.bin" in corpus.Parts.read(path.read_bytes())
    assert beside.path == tmp_path / "edits.results.xlsx"
    assert not any("vba" in name for name in corpus.Parts.read(beside.path.read_bytes()))
    assert rows_of(beside.path)[1][5] == "updated"


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda xml: xml.decode().replace("UTF-8", "UTF-16").encode("utf-16"), id="utf-16"),
        pytest.param(lambda xml: xml.replace(b"</row>", b"<!-- --></row>", 1), id="comment"),
        pytest.param(lambda xml: xml.replace(b"<sheetData>", b"<sheetData><![CDATA[ ]]>"), id="cdata"),
        pytest.param(lambda xml: xml.replace(b"<row ", b"<?x y?><row ", 1), id="processing-instruction"),
        pytest.param(lambda xml: b'<!DOCTYPE worksheet [<!ENTITY a "b">]>' + xml, id="document-type"),
        pytest.param(lambda xml: xml.replace(b"<row ", b"<other/><row ", 1), id="element-between-rows"),
        pytest.param(lambda xml: xml.replace(b"<c ", b"<other/><c ", 1), id="element-between-cells"),
        pytest.param(lambda xml: xml.replace(b"</worksheet>", b""), id="cut-off"),
    ],
)
def test_odd_xml_is_never_guessed_at(workbook, spoil):
    """The file stays as it is, byte for byte; results are beside it, from whatever reads such a file."""
    parts = corpus.Parts.read(workbook.read_bytes())
    xml = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = spoil(b'<?xml version="1.0" encoding="UTF-8"?>' + xml)
    workbook.write_bytes(parts.pack())
    before = workbook.read_bytes()

    written = write_back(workbook, make_annotation(HEADERS), digest=digest(workbook))

    assert written.beside
    assert workbook.read_bytes() == before
    statuses = [row[-2] for row in rows_of(written.path)]
    assert statuses == ["Import status", *("updated" if row % 3 else "invalid" for row in range(2, 14))]


def test_a_damaged_archive_is_never_guessed_at(workbook):
    content = bytearray(workbook.read_bytes())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        info = archive.getinfo("xl/worksheets/sheet1.xml")
    middle = info.header_offset + 200
    content[middle : middle + 20] = bytes(20)
    workbook.write_bytes(content)

    written = write_back(workbook, make_annotation(HEADERS), digest=digest(workbook))

    assert written.beside
    assert workbook.read_bytes() == bytes(content)


CHILD = textwrap.dedent(
    """
    import hashlib, os, signal, sys
    from pathlib import Path

    sys.path.insert(0, {package!r})
    from importer.writeback import Annotation, RowNote, write_back

    path, limit = Path({path!r}), int(sys.argv[1])
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    annotation = Annotation("Tickets", 1, {headers!r}, lambda: iter([RowNote(2, "updated")]))
    count = 0

    def step(frame, event, argument):
        global count
        if event == "c_call" and argument.__module__ in ("posix", "nt", "_io", None):
            count += 1
            if count == limit:
                os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

    sys.setprofile(step)
    written = write_back(path, annotation, digest=digest)
    sys.setprofile(None)
    assert not written.beside, written
    print(count)
    """
)


def run_child(path, limit):
    code = CHILD.format(package=str(Path(__file__).parents[2]), path=str(path), headers=HEADERS)
    return subprocess.run([sys.executable, "-c", code, str(limit)], capture_output=True, text=True, check=False)


def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(workbook):
    """Processes are killed for real, each at another call into the system."""
    old = workbook.read_bytes()
    whole = run_child(workbook, 0)
    assert whole.returncode == 0, whole.stderr
    new, steps = corpus.Parts.read(workbook.read_bytes()), int(whole.stdout)

    seen = set()
    for limit in [*range(1, steps - 9, max(1, steps // 6)), *range(steps - 9, steps + 1)]:
        workbook.write_bytes(old)
        killed = run_child(workbook, limit)
        assert killed.returncode != 0 or int(killed.stdout) < limit, "it took a step less, and ended by itself"
        left = workbook.read_bytes()
        assert left == old or corpus.Parts.read(left) == new
        seen.add(left == old)

    assert seen == {True, False}
    workbook.write_bytes(old)
    write_back(workbook, make_annotation(HEADERS), digest=digest(workbook))
    assert names_in(workbook.parent) == ["edits.xlsx"], "what the killed ones left is gone"


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
def test_no_space_leaves_everything_as_it_was(workbook):
    """A real limit on the size of files stands for a full disk: every write beyond it fails."""
    old = workbook.read_bytes()
    code = textwrap.dedent(
        f"""
        import hashlib, resource, sys
        from pathlib import Path

        sys.path.insert(0, {str(Path(__file__).parents[2])!r})
        from tests.writeback.conftest import make_annotation
        from tests.writeback.workbook_corpus import HEADERS
        from importer.writeback import write_back

        path = Path({str(workbook)!r})
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
        written = write_back(path, make_annotation(HEADERS), digest=hashlib.sha256(path.read_bytes()).hexdigest())
        assert written.path is None and written.beside and len(written.notices) == 2, written
        """
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=workbook.parent
    )

    assert done.returncode == 0, done.stderr
    assert workbook.read_bytes() == old
    assert names_in(workbook.parent) == ["edits.xlsx"]


def test_a_failing_write_leaves_nothing_behind(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")

    def fail(stream):
        stream.write(b"half")
        raise OSError

    with pytest.raises(OSError, match=r"^$"):
        put_in_place(path, fail)

    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["a.csv"]


def test_output_is_judged_before_anything_is_sent(workbook, tmp_path):
    assert find_output_fault(workbook, tmp_path / "out.xlsx") is None
    assert "folder" in str(find_output_fault(workbook, tmp_path / "none" / "out.xlsx"))
    assert ".xlsx" in str(find_output_fault(workbook, tmp_path / "out.csv"))
    assert find_output_fault(tmp_path / "a.csv", tmp_path / "b.csv") is None


def test_a_table_may_become_a_workbook(table, tmp_path):
    """`--output results.xlsx` for a CSV file: its values, with highlight and report sheets."""
    before = table.read_bytes()
    target = tmp_path / "out.xlsx"

    written = write_back(table, table_annotation(), output=target, digest=digest(table))

    assert (written.path, written.beside) == (target, False)
    assert table.read_bytes() == before
    assert rows_of(target) == [["id", "a", *OURS], ["1", "é", "updated", ""], ["2", "y", "failed", "=why"]]


def test_output_for_a_file_saved_meanwhile_has_the_results_alone(workbook, tmp_path):
    written = write_back(workbook, make_annotation(HEADERS), output=tmp_path / "out.xlsx", digest="0" * 64)

    assert written.path == tmp_path / "out.xlsx"
    assert "changed" in text_of(written)
    assert rows_of(written.path)[0] == ["Row", "Key", *OURS]


def test_output_that_cannot_be_written_goes_beside_the_file(workbook, tmp_path):
    folder = tmp_path / "folder.xlsx"
    folder.mkdir()

    written = write_back(workbook, make_annotation(HEADERS), output=folder, digest=digest(workbook))

    assert written.path == tmp_path / "edits.results.xlsx"
    assert written.beside
    assert "folder.xlsx" in text_of(written)


def test_output_for_a_signed_workbook_is_written(workbook, tmp_path):
    parts = corpus.Parts.read(workbook.read_bytes())
    origin = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/origin"
    parts.add("_xmlsignatures/origin.sigs", b"", origin, owner="")
    workbook.write_bytes(parts.pack())

    written = write_back(workbook, make_annotation(HEADERS), output=tmp_path / "out.xlsx", digest=digest(workbook))

    assert (written.path, written.beside) == (tmp_path / "out.xlsx", False)


def test_how_a_table_is_written_is_looked_at_where_nobody_says(tmp_path):
    path = tmp_path / "edits.csv"
    path.write_bytes("id\ta\r\n1\t漢\r\n".encode("utf-16"))

    write_back(path, replace(table_annotation(), dialect=None), digest=digest(path))

    assert path.read_bytes().decode("utf-16") == "id\ta\tImport status\tImport message\r\n1\t漢\tupdated\t\r\n"


def test_a_very_long_field_passes_the_check(tmp_path):
    path = tmp_path / "edits.csv"
    path.write_text(f'id,a\n1,"{"x" * 500_000}"\n')

    assert not write_back(path, table_annotation(), digest=digest(path)).beside


def test_a_workbook_that_reads_back_wrong_replaces_nothing(workbook, monkeypatch):
    """A fault of ours, put in on purpose: a cell of the user's is lost on the way."""
    before = workbook.read_bytes()
    whole = RowPatcher._block
    monkeypatch.setattr(
        RowPatcher, "_block", lambda self, block: whole(self, block).replace(b"Printer 3", b"Printer 4")
    )

    written = write_back(workbook, make_annotation(HEADERS), digest=digest(workbook))

    assert workbook.read_bytes() == before
    assert written.beside
    assert "did not read back" in text_of(written)


@pytest.mark.parametrize("lost", [b"<row ", b"<v>", b"<f>"])
def test_in_a_large_workbook_rows_values_and_formulas_are_counted(workbook, monkeypatch, lost):
    book = openpyxl.load_workbook(workbook)
    book["Tickets"]["D20"] = "=SUM(D2:D4)"
    book.save(workbook)
    before = workbook.read_bytes()
    whole = RowPatcher._block
    monkeypatch.setattr("importer.writeback.check.ORDINARY", 0)
    assert not write_back(
        workbook, make_annotation(HEADERS), output=workbook.parent / "a.xlsx", digest=digest(workbook)
    ).beside
    monkeypatch.setattr(RowPatcher, "_block", lambda self, block: whole(self, block).replace(lost, b"<x>", 1))

    written = write_back(workbook, make_annotation(HEADERS), digest=digest(workbook))

    assert workbook.read_bytes() == before
    assert "did not read back" in text_of(written)


def test_a_table_that_reads_back_wrong_replaces_nothing(table, monkeypatch):
    before = table.read_bytes()
    whole = delimited._Fields.append
    monkeypatch.setattr(delimited._Fields, "append", lambda *given: whole(*given).replace(b"y", b"z"))

    written = write_back(table, table_annotation(), digest=digest(table))

    assert table.read_bytes() == before
    assert "did not read back" in text_of(written)


def test_results_of_a_table_take_no_name_of_somebody_else(table):
    taken = table.parent / "edits.results.csv"
    taken.write_text("my own list\n")

    outputs = Outputs(table.parent / "state")

    first = write_back(table, table_annotation(), digest="0" * 64, outputs=outputs)
    second = write_back(table, table_annotation(), digest="0" * 64, outputs=outputs)

    assert first.path == second.path == table.parent / "edits.results-2.csv"
    assert taken.read_text() == "my own list\n"


def test_a_workbook_of_somebody_else_with_the_name_of_our_results_stays(workbook):
    taken = workbook.parent / "edits.results.xlsx"
    taken.write_bytes(b"not even a workbook")

    written = write_back(workbook, make_annotation(HEADERS), digest="0" * 64)

    assert written.path == workbook.parent / "edits.results-2.xlsx"
    assert taken.read_bytes() == b"not even a workbook"


def test_a_file_saved_at_the_last_moment_is_not_replaced(table):
    before = table.read_bytes()

    with pytest.raises(Moved):
        put_in_place(table, lambda stream: stream.write(b"new"), unless=lambda: True)

    assert table.read_bytes() == before
    assert names_in(table.parent) == ["edits.csv"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")
def test_the_owner_is_kept(workbook):
    os.chown(workbook, 1234, 1234)
    workbook.chmod(0o640)

    write_back(workbook, make_annotation(HEADERS), digest=digest(workbook))

    state = workbook.stat()
    assert (state.st_uid, state.st_gid, stat.S_IMODE(state.st_mode)) == (1234, 1234, 0o640)


@pytest.mark.parametrize("kind", ["workbook", "table"])
def test_a_status_beside_another_key_replaces_nothing(kind, request):
    """Whatever led to it: the new file is read as the next run will read it, and compared with the journal."""
    path = request.getfixturevalue(kind)
    before = path.read_bytes()
    notes = [RowNote(2, "updated", "", "250000001"), RowNote(3, "failed", "", "250000009")]
    annotation = table_annotation() if kind == "table" else make_annotation(HEADERS, faulty=())

    written = write_back(path, replace(annotation, notes=lambda: iter(notes), key_position=0), digest=digest(path))

    assert path.read_bytes() == before
    assert written.beside
    assert "did not read back" in text_of(written)
    said = written.path.read_text("utf-8-sig") if kind == "table" else str(rows_of(written.path))
    assert "250000009" in said


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("wrong", [False, True])
def test_in_a_large_workbook_the_two_columns_are_searched(workbook, monkeypatch, as_text, wrong):
    """To read it again would take longer than the writing itself."""
    book = openpyxl.load_workbook(workbook)
    for row in range(2, 2_000):
        book["Tickets"][f"A{row}"] = f"{row:05}" if as_text else row
    book.save(workbook)
    before = workbook.read_bytes()
    monkeypatch.setattr("importer.writeback.check.LARGE", 0)
    monkeypatch.setattr("importer.writeback.check.ORDINARY", 0)
    keys = {row: f"{row:05}" if as_text else str(row) for row in range(2, 2_000)} | ({1_900: "77"} if wrong else {})
    notes = [RowNote(row, "failed", "a < b", key) for row, key in keys.items()]
    annotation = replace(make_annotation(HEADERS, faulty=()), notes=lambda: iter(notes), key_position=0)

    written = write_back(workbook, annotation, digest=digest(workbook))

    assert written.beside == wrong
    assert (workbook.read_bytes() == before) == wrong


@pytest.mark.parametrize("wrong", [False, True])
def test_keys_of_delimited_text_are_compared_whatever_its_size(table, monkeypatch, wrong):
    table.write_bytes(table.read_bytes().splitlines(keepends=True)[0])
    with table.open("a", encoding="utf-8", newline="") as file:
        file.writelines(f"{number};text\r\n" for number in range(2, 3_000))
    before = table.read_bytes()
    monkeypatch.setattr("importer.writeback.check.LARGE", 0)
    monkeypatch.setattr("importer.writeback.check.ORDINARY", 0)
    keys = {row: str(row) for row in range(2, 3_000)} | ({2_900: "77"} if wrong else {})
    notes = [RowNote(row, "updated", "", key) for row, key in keys.items()]

    written = write_back(
        table, replace(table_annotation(), notes=lambda: iter(notes), key_position=0), digest=digest(table)
    )

    assert written.beside == wrong
    assert (table.read_bytes() == before) == wrong


@pytest.mark.parametrize("kind", ["workbook", "table"])
def test_a_status_beside_its_key_is_written(kind, request):
    path = request.getfixturevalue(kind)
    keys = {"workbook": ["250000001", "250000002"], "table": ["1", "2"]}[kind]
    notes = [RowNote(row, "updated", "", key) for row, key in enumerate(keys, start=2)]
    annotation = table_annotation() if kind == "table" else make_annotation(HEADERS, faulty=())

    written = write_back(path, replace(annotation, notes=lambda: iter(notes), key_position=0), digest=digest(path))

    assert (written.path, written.beside) == (path, False)
