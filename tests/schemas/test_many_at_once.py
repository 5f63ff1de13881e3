"""Columns that are converted or judged as a whole come out as cell by cell."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.cells import Kind, Problem, Reading, Refused
from schemas.lines import Lines
from schemas.property import Property
from schemas.ticket import each_value
from schemas.types.datetime import DatetimeConverter
from schemas.types.number import NumberConverter
from schemas.types.record_id import RecordIdConverter
from schemas.types.text import TextConverter
from tests.laws import examples

NUMBER, TEXT = Property("n", "N", "number", "number"), Property("t", "T", "string", "text")
PIECES = [
    "",
    "1",
    "12",
    "-3",
    "0.5",
    "1.50",
    "25012345678",
    "01",
    "\n",
    " ",
    "\r",
    "A",
    "é",
    "-",
    "2026-03-04",
    "12:30",
]
CELLS = st.lists(st.lists(st.sampled_from(PIECES), max_size=3).map("".join), max_size=6)
MOMENTS = st.lists(
    st.sampled_from(
        ["2026-03-04 12:30", "2026-03-04T23:59", "2026-03-04 12:30:15", "2018-11-04 00:30", "2026-03-04", "", "x 12:30"]
    ),
    max_size=6,
)


def _one_by_one(converter, texts, kind):
    """What each cell is on its own: None where the list leaves it to be converted alone."""
    results = [converter(text, kind) if text.strip() else "" for text in texts]
    return [None if isinstance(one, Problem) else one for one in results]


@pytest.mark.parametrize(
    "converter",
    [RecordIdConverter(), NumberConverter(NUMBER, Reading()), TextConverter(TEXT)],
    ids=["record IDs", "numbers", "text"],
)
@examples(150)
@given(texts=CELLS)
def test_many_cells_are_converted_as_one_is(converter, texts):
    many = converter.convert_all(texts, Kind.TEXT)

    single = _one_by_one(converter, texts, Kind.TEXT)
    assert [one if value is not None else None for one, value in zip(single, many, strict=True)] == many


@given(texts=MOMENTS)
def test_many_moments_are_converted_as_one_is(texts):
    converter = DatetimeConverter(Reading(time_zone="America/Sao_Paulo"))

    for _ in range(2):  # the second time from what is remembered of the days
        many = converter.convert_all(texts, Kind.TEXT)
        single = _one_by_one(converter, texts, Kind.TEXT)
        assert [one if value is not None else None for one, value in zip(single, many, strict=True)] == many


def test_a_line_break_in_a_cell_does_not_make_two_record_ids_of_it():
    assert RecordIdConverter().convert_all(["1\n2", "3"], Kind.TEXT) == [None, "3"]
    assert NumberConverter(NUMBER, Reading()).convert_all(["1\n2", "3"], Kind.TEXT) == [None, "3"]


@given(values=st.lists(st.sampled_from(["", "a", "b", "ab", "a1", Refused("a", None)]), max_size=6))
def test_each_value_of_a_column_is_judged(values):
    check = each_value(lambda value: len(value) > 1, lambda value: value == "b")

    for _ in range(2):  # the second time from what is remembered
        judged = check(pd.Series(values, dtype=object)).tolist()
        assert judged == [type(value) is Refused or value != "a" for value in values]


@given(texts=st.lists(st.sampled_from(["12", "7", "", "x", "1x", "x\n", "12\n7"]), max_size=40))
def test_a_pattern_is_put_to_all_lines_as_to_each(texts):
    lines = Lines("[0-9]+")

    assert lines.matching(texts) == [text if text.isdecimal() else None for text in texts]
