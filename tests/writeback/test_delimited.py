"""Two fields at the end of each record; every other byte as it was."""

import csv
import io
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from importer.loader.dialect import Dialect
from importer.ooxml.errors import NotUnderstood
from importer.writeback import delimited, encodings
from importer.writeback.annotation import Annotation, RowNote
from importer.writeback.delimited import annotate
from importer.writeback.encodings import BLOCK
from tests.laws import examples

OURS = ("Import status", "Import message")


def annotated(data, notes, *, encoding="utf-8", delimiter=",", headers=("id", "a"), header_row=1, separator_line=False):
    target = io.BytesIO()
    status, text = (headers.index(name) if name in headers else None for name in OURS)
    annotation = Annotation(None, header_row, headers, lambda: iter(notes), own=(status, text))
    annotate(io.BytesIO(data), target, annotation, Dialect(encoding, delimiter, separator_line))
    return target.getvalue()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            b"id,a\r\n1,x\r\n2,y\r\n",
            b"id,a,Import status,Import message\r\n1,x,updated,\r\n2,y,failed,why\r\n",
            id="crlf",
        ),
        pytest.param(
            b"id,a\n1,x\n2,y", b"id,a,Import status,Import message\n1,x,updated,\n2,y,failed,why", id="no-last-line-end"
        ),
        pytest.param(
            b"id,a\r1,x\r2,y\r", b"id,a,Import status,Import message\r1,x,updated,\r2,y,failed,why\r", id="cr"
        ),
        pytest.param(
            b"id,a\r\n1,x\n2,y\r\n",
            b"id,a,Import status,Import message\r\n1,x,updated,\n2,y,failed,why\r\n",
            id="mixed",
        ),
        pytest.param(
            b'id,a\n1,"x\n""z"""\n2,y\n',
            b'id,a,Import status,Import message\n1,"x\n""z""",updated,\n2,y,failed,why\n',
            id="quoted-line-break",
        ),
        pytest.param(
            b'id,a\n1,5" disk\n2,y\n',
            b'id,a,Import status,Import message\n1,5" disk,updated,\n2,y,failed,why\n',
            id="quote-inside-a-plain-field",
        ),
        pytest.param(
            b'"id","a"\n"1","x"\n"2","y"\n',
            b'"id","a","Import status","Import message"\n"1","x","updated",""\n"2","y","failed","why"\n',
            id="everything-quoted",
        ),
        pytest.param(
            b"id,a\n1,x\n2\n\n",
            b"id,a,Import status,Import message\n1,x,updated,\n2\n\n",
            id="short-and-blank",
        ),
        pytest.param(
            b"\xef\xbb\xbfid,a\n1,x\n2,y\n",
            b"\xef\xbb\xbfid,a,Import status,Import message\n1,x,updated,\n2,y,failed,why\n",
            id="byte-order-mark",
        ),
    ],
)
def test_appends_two_fields_and_changes_nothing_else(before, after):
    notes = [RowNote(2, "updated"), RowNote(3, "failed", "why")]

    once = annotated(before, notes)

    assert once == after
    assert annotated(once, notes, headers=("id", "a", *OURS)) == after


def test_a_separator_line_is_no_row_and_stays_bare():
    after = annotated(b"sep=;\r\nid;a\r\n1;x\r\n", [RowNote(2, "updated")], delimiter=";", separator_line=True)

    assert after == b"sep=;\r\nid;a;Import status;Import message\r\n1;x;updated;\r\n"


def test_blank_lines_count_as_rows():
    after = annotated(b"\nid,a\n\n1,x\n", [RowNote(4, "updated")], header_row=2)

    assert after == b"\nid,a,Import status,Import message\n\n1,x,updated,\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "shift_jis", "gbk"])
def test_wide_encodings_stay_as_they_are(encoding):
    before = 'id|a\r\n1|"日本\n語"\r\n'

    after = annotated(before.encode(encoding), [RowNote(2, "updated")], encoding=encoding, delimiter="|")

    assert after.decode(encoding) == 'id|a|Import status|Import message\r\n1|"日本\n語"|updated|\r\n'
    assert after.startswith(before.encode(encoding)[:4])


def test_characters_the_encoding_lacks_are_replaced():
    after = annotated("id,a\n1,é\n".encode("cp1252"), [RowNote(2, "failed", "é → ü")], encoding="cp1252")

    assert after == "id,a,Import status,Import message\n1,é,failed,é ? ü\n".encode("cp1252")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "'=1", "\t=1", "\n-1"])
def test_a_message_never_starts_a_formula(text):
    after = annotated(b"id,a\n1,x\n", [RowNote(2, "failed", text)])

    field = list(csv.reader(io.StringIO(after.decode())))[1][3]
    assert field.startswith("'")
    assert field.endswith(text.strip())


def test_a_message_stays_on_its_line():
    after = annotated(b"id,a\n1,x\n", [RowNote(2, "failed", "a\r\nb\x00c, d")])

    assert after == b'id,a,Import status,Import message\n1,x,failed,"a b c, d"\n'


def test_a_message_fits_a_cell():
    """Excel spills what is longer over the cells and rows beside it."""
    after = annotated(b"id,a\n1,x\n", [RowNote(2, "failed", "y" * 40_000)])

    assert after == b"id,a,Import status,Import message\n1,x,failed," + b"y" * 32_766 + "…\n".encode()


def test_our_columns_of_an_earlier_run_move_to_the_end():
    before = b'id,Import status,Import message,a\n1,updated,"old, message",x\n'

    after = annotated(before, [RowNote(2, "failed", "new")], headers=("id", *OURS, "a"))

    assert after == b"id,a,Import status,Import message\n1,x,failed,new\n"


def test_nothing_of_ours_stands_behind_a_ragged_record():
    """A program that pads and saves it would put our words under the user's headers."""
    before = b'id,a,b\n1,x,y\n2,x\n3,"x,y"\n4,x,y,z,,\n5,"x,y",z\n'

    after = annotated(before, [RowNote(row, "failed", "why") for row in range(2, 7)], headers=("id", "a", "b"))

    assert after == (
        b'id,a,b,Import status,Import message\n1,x,y,failed,why\n2,x\n3,"x,y"\n4,x,y,z,,\n5,"x,y",z,failed,why\n'
    )


@pytest.mark.parametrize("before", [0, BLOCK // 8])
def test_nothing_of_ours_stands_behind_half_a_text(before):
    """Its line end alone shows that the text was cut in two; the loader refuses both halves."""
    text = b"id,a,b\r\n" + b"1,x,y\r\n" * before + b"2,x,first half\nsecond half\r\n3,x,y\r\n"

    after = annotated(text, [RowNote(n, "failed") for n in range(2, before + 5)], headers=("id", "a", "b"))

    assert after == (
        b"id,a,b,Import status,Import message\r\n"
        + b"1,x,y,failed,\r\n" * before
        + b"2,x,first half\nsecond half\r\n3,x,y,failed,\r\n"
    )


@pytest.mark.parametrize("row", [b"2,x,y,z", b'2,"x,x",y,z', b"2,,,"])
def test_a_ragged_record_that_would_fit_the_new_header_is_not_made_whole(row):
    with pytest.raises(NotUnderstood, match="Row 3"):
        annotated(b"id,a\n1,x\n" + row + b"\n", [RowNote(2, "updated"), RowNote(3, "invalid", "why")])


def test_a_row_typed_in_after_a_run_is_left_as_it_is():
    """It has no fields of ours, though the header has: nothing of it may be taken for them."""
    before = b"id,a,Import status,Import message\n1,x,updated,\n2,y\n3\n"

    after = annotated(before, [RowNote(2, "updated"), RowNote(3, "failed", "why")], headers=("id", "a", *OURS))

    assert after == before


def test_a_quoted_field_without_end_is_refused():
    with pytest.raises(NotUnderstood):
        annotated(b'id,a\n1,"x\n', [])


def test_bytes_that_are_not_the_encoding_are_refused():
    with pytest.raises(NotUnderstood):
        annotated("id,a\n".encode("utf-16") + b"x", [], encoding="utf-16")


def test_records_across_blocks():
    """Rows, quoted line breaks and line ends that a block's edge cuts through are found all the same."""
    rows = [f'{n},"{"x" * (n % 97)}\r\n{n}"\r\n' for n in range(BLOCK // 30)]
    notes = [RowNote(n + 2, "updated") for n in range(len(rows))]

    after = annotated(("id,a\r\n" + "".join(rows)).encode(), notes)

    records = list(csv.reader(io.StringIO(after.decode(), newline="")))
    assert len(records) == len(rows) + 1
    assert all(record[2:] == ["updated", ""] for record in records[1:])
    assert "".join(rows) == after.decode().split("\r\n", 1)[1].replace(",updated,\r\n", "\r\n")


def test_a_quoted_text_between_the_halves_of_a_line_end_is_a_record():
    rows = b'1,x\r"y"\n'

    after = annotated(b"id,a\r\n" + rows + b"4,z\r\n", [RowNote(row, "updated") for row in (2, 3, 4)])

    assert after == b"id,a,Import status,Import message\r\n" + rows + b"4,z,updated,\r\n"


def test_a_single_column_may_hold_delimiters_in_quotes():
    after = annotated(b'a\n"x,y"\n5%\n', [RowNote(2, "updated"), RowNote(3, "failed", "why")], headers=("a",))

    assert after == b'a,Import status,Import message\n"x,y",updated,\n5%,failed,why\n'


def _is_read(text):
    """Whether the loader takes a text: it refuses what is wrongly quoted, which is never written back."""
    try:
        list(csv.reader(io.StringIO(text.decode(), newline=""), strict=True))
    except csv.Error:
        return False
    return True


@examples(120)
@given(
    data=st.lists(
        st.sampled_from(
            ["a", "%", ",", ",", '"', '"', '""', '"a,b"', '"a\n"', '"\r\n"', "\n", "\r\n", "\r", "\x1e", "\x1f"]
        ),
        max_size=24,
    ),
    repeat=st.integers(1, 3),
    block=st.one_of(st.integers(1, 40), st.just(1_000)),
    noted=st.lists(st.sampled_from(["", "updated", "failed"]), max_size=30),
    own=st.booleans(),
)
def test_whole_blocks_are_cut_as_single_records_are(data, repeat, block, noted, own):
    """Cutting many records at once gives what reading them one after the other gives, wherever a block ends."""
    text = ("id,a" + (",Import status,Import message" if own else "") + "\n" + "".join(data) * repeat).encode()
    assume(_is_read(text))
    # Which line end is the usual one is judged by block: of 256 KiB outside this test, of all the text here.
    assume(block >= len(text) or len(set(re.findall("\r\n|\n|\r", text.decode()))) == 1)
    headers = ("id", "a", *(OURS if own else ()))
    notes = [RowNote(row, status, status[:4]) for row, status in enumerate(noted, start=2) if status]

    def outcome():
        try:
            return annotated(text, notes, headers=headers)
        except NotUnderstood:
            return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encodings, "BLOCK", block)
        at_once = outcome()
        patch.setattr(encodings, "BLOCK", len(text))
        patch.setattr(delimited, "_cut_regular", lambda *_, **__: None)
        singly = outcome()

    assert at_once == singly


cells = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=8)


@examples(75)
@given(
    table=st.lists(st.lists(cells, min_size=2, max_size=2), min_size=1, max_size=6),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\r\n", "\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    texts=st.lists(cells, min_size=6, max_size=6),
)
def test_any_table_keeps_its_cells_and_twice_is_once(table, quoting, delimiter, end, encoding, texts):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerows([["id", "a"], *table])
    before = text.getvalue().encode(encoding)
    old = list(csv.reader(io.StringIO(text.getvalue(), newline=""), delimiter=delimiter))
    assume(all(len(one) == 2 for one in old))  # a bare line break that the csv module did not quote cuts a record
    notes = [RowNote(row, "failed", texts[row % 6]) for row in range(2, len(old) + 1)]

    once = annotated(before, notes, encoding=encoding, delimiter=delimiter)
    twice = annotated(once, notes, encoding=encoding, delimiter=delimiter, headers=("id", "a", *OURS))

    assert twice == once
    new = list(csv.reader(io.StringIO(once.decode(encoding), newline=""), delimiter=delimiter))
    assert [record[:-2] for record in new] == old
    assert [record[-2] for record in new[1:] if record] == ["failed" for record in old[1:] if record]
