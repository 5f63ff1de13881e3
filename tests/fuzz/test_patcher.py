"""Any file, any results: annotated with every old cell as it was, or left alone with the results beside it."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import FileError
from importer.loader import open_file
from importer.writeback import Annotation, ChangeLine, ErrorLine, RowNote, write_back
from tests.fuzz.effort import CORPUS, effort, kept
from tests.fuzz.mutate import spreadsheets
from tests.fuzz.oracles import assert_members_kept, read_everything, without_ours
from tests.fuzz.seeds import files

BOOKS = {name: one for name, one in files().items() if one[0] == ".xlsx"}
TEXT = st.text(max_size=20) | st.sampled_from(
    ["=1+1", "+1", "-1", "@x", "<script>", "]]>", "_x0041_", "\ud800", "\0", "a\nb", "x" * 40_000]
)


@st.composite
def results(draw):
    """Return what a run could have to say of rows 1 to 12."""
    rows = sorted(draw(st.sets(st.integers(1, 12), max_size=6)))
    notes = [RowNote(row, draw(st.sampled_from(["updated", "invalid", "failed"])), draw(TEXT), "1") for row in rows]
    faulty = sorted((row, draw(st.integers(0, 6))) for row in rows)
    return {
        "notes": lambda: iter(notes),
        "faulty": faulty,
        "totals": [("updated", len(notes))],
        "facts": [("Run", draw(TEXT))],
        "errors": lambda: (ErrorLine(n.row, 1, "subject", n.message, "rejected", n.message) for n in notes),
        "changes": lambda: (
            ChangeLine(n.row, "1", "https://app.hubspot.com/?a&b", "subject", n.message, "=x") for n in notes
        ),
    }


@effort()
@given(drawn=spreadsheets(BOOKS), more=results())
def test_a_damaged_workbook_is_annotated_or_left_alone(drawn, more, tmp_path):
    path = tmp_path / f"damaged{drawn.suffix}"
    path.write_bytes(drawn.content)

    with kept(drawn.content, drawn.suffix):
        check_write_back(path, more)


@pytest.mark.parametrize("path", sorted((CORPUS / "files").iterdir()), ids=lambda path: path.name)
def test_corpus_is_annotated_or_left_alone(path, tmp_path):
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    notes = [RowNote(row, "failed", "=1+1 <script>") for row in range(2, 5)]

    check_write_back(copy, {"notes": lambda: iter(notes), "faulty": [(2, 1)]})


def check_write_back(path, more):
    """Write results into a file as if it had been read: nothing of it is lost, and the results are somewhere."""
    before = path.read_bytes()
    sheet, header_row, headers = _first_sheet(path)
    cells = read_everything(path)

    written = write_back(
        path, Annotation(sheet, header_row, headers, **more), digest=hashlib.sha256(before).hexdigest()
    )

    assert written.path is not None
    assert written.beside == (written.path != path)
    if written.beside:
        assert path.read_bytes() == before
        assert written.notices
        assert "refused" not in read_everything(written.path)
        written.path.unlink()
    elif before.startswith(b"PK\x03\x04"):
        assert_members_kept(before, path.read_bytes())
        if "refused" not in cells and not any(note.row <= header_row for note in more["notes"]()):
            assert without_ours(read_everything(path)) == without_ours(cells)


def _first_sheet(path):
    """Return (name, header row, headers) of the first sheet that has any; for a damaged file, what could have been."""
    try:
        filled = [one for one in open_file(path).sheets if one.header_row is not None]
    except FileError:
        filled = []
    return (
        (filled[0].name, filled[0].header_row, filled[0].headers) if filled else ("Edits", 1, ("Record ID", "subject"))
    )
