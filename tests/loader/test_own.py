"""Our own columns are told by what they hold; rows into which a report was shifted are refused."""

import numpy as np
import openpyxl
import pytest

from importer.i18n import translations
from importer.loader import open_file
from importer.loader.own import data_chunks, is_own_message, own_columns
from schemas.message import message

SHORT = (
    "Line {line}: the row has {count} field, but the header has {expected}. None of it is read, "
    "because its cells cannot be matched to columns. Add or remove delimiters, or put quotation "
    "marks around cells that contain the delimiter."
)


STOPPED = "The run stopped before this row."


def opened(tmp_path, text, claimed=()):
    file = tmp_path / "tickets.csv"
    file.write_text(text, encoding="utf-8")
    table = open_file(file).table(None)
    table.own = own_columns(table, claimed)
    return table


def workbook(tmp_path, rows):
    book = openpyxl.Workbook()
    book.active.title = "Tickets"
    for row in rows:
        book.active.append(row)
    file = tmp_path / "tickets.xlsx"
    book.save(file)
    return file


@pytest.mark.parametrize(
    ("headers", "rows", "positions", "names"),
    [
        (["id", "a"], [["1", "x"]], (), ("Import status", "Import message")),
        (["id", "Import status", "Import message"], [["1", "updated", ""], ["2", "", ""]], (1, 2), None),
        (["id", " Import status\u200b", "Import message "], [["1", "not sent", "why"]], (1, 2), None),
        (["id", "Import status", "Import message"], [["1", "", ""]], (1, 2), None),
        (["id", "Import status", "a"], [["1", "checked with the customer", ""]], (), "2"),
        (["id", "Import status", "Import message"], [["1", "checked", "hm"]], (), "2"),
        (["id", "Import message", "a"], [["1", "hello", ""]], (), "2"),
        (["id", "Import message", "Import status"], [["1", "hello", "updated"]], (2,), "2"),
        (["id", "import status"], [["1", "updated"]], (), "2"),
        (["id", "Import status", "Import status 2", "Import message 2"], [["1", "mine", "failed", "x"]], (2, 3), "2"),
        (["id", "Import status", "Import status 2"], [["1", "mine", "mine too"]], (), "3"),
        (["id", "Import status 1"], [["1", "updated"]], (), None),
        (["id", "Import status", "a", "Import message"], [["1", "not sent", "x", STOPPED]], (1, 3), None),
        (["Import message", "id", "Import status"], [["", "1", "updated"]], (0, 2), None),
        (["id", "Import status", "a", "Import message"], [["1", "failed", "x", "call them"]], (1,), "2"),
        (
            ["id", "Import status", "a", "Import message"],
            [["1", "failed", "", STOPPED], ["2", "", "", "hm"]],
            (1,),
            "2",
        ),
    ],
)
def test_a_column_is_ours_by_what_it_holds(tmp_path, headers, rows, positions, names):
    table = opened(tmp_path, "\n".join(",".join(one) for one in [headers, *rows]) + "\n")
    assert table.own.positions == positions
    if isinstance(names, str):
        names = (f"Import status {names}", f"Import message {names}")
    assert table.own.names == (names or ("Import status", "Import message"))


def test_a_column_that_the_user_maps_is_the_users(tmp_path):
    table = opened(tmp_path, "id,Import status\n1,updated\n", claimed=["import status"])
    assert table.own.positions == ()
    assert table.own.names[0] == "Import status 2"


def test_workbooks_are_judged_alike(tmp_path):
    file = workbook(tmp_path, [["id", "Import status", "Import message"], [1, "updated", "same as row 9"], [2, 5, ""]])
    assert own_columns(open_file(file).table("Tickets")).positions == ()


@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_sentences_of_ours_are_known(language):
    words = translations(language)
    for text in (message("same as row {row}", row=7), message(SHORT, count=1, line=3, expected=2)):
        assert is_own_message(f"25012345001: {text.render(words)}")
    assert not is_own_message("The customer called, and the run stopped.")


@pytest.mark.parametrize(
    "line",
    [
        f'2,Urgent,invalid,"{SHORT}",',
        f'2,invalid,"{SHORT}",,',
        '2,Urgent,not sent,"Nothing was sent, because other rows are invalid.",',
    ],
)
def test_a_row_into_which_a_report_was_shifted_is_refused(tmp_path, line):
    table = opened(
        tmp_path, f"id,Priority,subject,Import status,Import message\n1,High,One,updated,\n{line}\n3,Low,updated,,\n"
    )
    assert table.own.positions == (3, 4)
    (chunk,) = data_chunks(table, [0, 1, 2])
    assert chunk.rows == [2, 4]
    assert chunk.columns[2] == ["One", "updated"]  # the word alone may well be meant
    assert [(one.code, one.row) for one in chunk.findings] == [("ragged_row", 3)]
    assert "earlier run" in str(chunk.findings[0].text)


def test_a_workbook_row_into_which_a_report_was_shifted_is_refused(tmp_path):
    file = workbook(
        tmp_path,
        [["id", "subject", "Import status", "Import message"], [1, "a", "updated", ""], [2, "invalid", SHORT, ""]],
    )
    table = open_file(file).table("Tickets")
    table.own = own_columns(table)
    (chunk,) = data_chunks(table, [0, 1])
    assert (chunk.rows, [one.row for one in chunk.findings]) == ([2], [3])
    assert all(len(one) == 1 for one in (*chunk.columns.values(), *map(np.asarray, chunk.kinds.values())))
