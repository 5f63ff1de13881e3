"""Any bytes as a file: read or refused, never anything else; and what was read is kept."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.effort import CORPUS, effort, kept
from tests.fuzz.mutate import spreadsheets
from tests.fuzz.oracles import check_dry_run, read_everything
from tests.fuzz.seeds import files

FILES = sorted(path for path in (CORPUS / "files").iterdir())
MAGIC = [
    b"",
    b"PK\x03\x04",
    b"PK\x05\x06",
    bytes.fromhex("D0CF11E0A1B11AE1"),
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"<html>",
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_corpus_is_read_or_refused(path):
    assert read_everything(path) == read_everything(path, size=1)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_corpus_survives_a_run(path, home, tmp_path):
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())

    check_dry_run(copy, home=home)


@effort()
@given(head=st.sampled_from(MAGIC), rest=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(head, rest, tmp_path):
    path = tmp_path / "any.csv"
    path.write_bytes(head + rest)

    with kept(head + rest, ".bin"):
        read_everything(path)


@effort(2)
@given(drawn=spreadsheets(files()))
def test_a_damaged_file_is_read_or_refused(drawn, tmp_path):
    """However many rows are read at a time, they are the same."""
    suffix, content = drawn
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(content)

    with kept(content, suffix):
        assert read_everything(path) == read_everything(path, size=2)


@effort(0.4)
@given(drawn=spreadsheets(files()))
def test_a_damaged_file_survives_a_run(drawn, home, tmp_path):
    """The whole way: read, judged, annotated; cells of the file stay, and the annotated file says the same."""
    suffix, content = drawn
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(content)

    with kept(content, suffix):
        check_dry_run(path, home=home)


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12).map(
    lambda text: text.replace("\n", "\r\n")
)


@effort()
@given(
    table=st.integers(2, 4).flatmap(
        lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=5)
    ),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_any_cell_of_a_text_file_is_read_as_typed(table, delimiter, encoding, quoting, tmp_path):
    """Whatever stands in a cell, of what another program writes, comes back."""
    from importer.loader import open_file

    headers = [f"H{n}" for n in range(len(table[0]))]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=quoting).writerows([headers, *table])
    path = tmp_path / "cells.csv"
    path.write_bytes(text.getvalue().encode(encoding))

    [chunk] = open_file(path, encoding=encoding, delimiter=delimiter).table(None).chunks(range(len(headers)))

    assert [chunk.columns[position] for position in range(len(headers))] == [
        list(column) for column in zip(*table, strict=True)
    ]
