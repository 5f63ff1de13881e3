"""A column that is read and judged as a whole comes out as cell by cell, whatever was remembered before."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.validation.column import ColumnReader
from schemas.cells import Kind, Reading
from schemas.property import Option, Pipeline, PortalSchema, Property, Rule, Stage
from schemas.ticket import build_schema, refusals
from schemas.values import make_converter
from tests.laws import examples

PORTAL = PortalSchema(properties={}, pipelines=(Pipeline("12", "A", (Stage("1", "New"),)),), owners=())
SHORT = Rule("MAX_LENGTH", ("3",), normalizes=False)
DEFINITIONS = {
    "number": Property("p", "P", "number", "number"),
    "number with a rule": Property("p", "P", "number", "number", rules=(Rule("MAX_NUMBER", ("9",), normalizes=False),)),
    "datetime": Property("p", "P", "datetime", "date"),
    "date": Property("p", "P", "date", "date"),
    "text with rules": Property(
        "p", "P", "string", "text", rules=(SHORT, Rule("ALPHANUMERIC", ("ALPHA_ONLY",), normalizes=False))
    ),
    "choice": Property("p", "P", "enumeration", "select", options=(Option("A", "Label"), Option("12", "B"))),
    "pipeline": Property("hs_pipeline", "P", "enumeration", "select"),
}
TEXTS = [
    "12",
    "-0.5",
    "1.50",
    "1,5x",
    "label",
    "A",
    " ",
    "2026-03-04",
    "2026-03-04 12:30:15",
    "yesterday",
    "x" * 70_000,
]
CELLS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([Kind.TEXT, Kind.NUMBER, Kind.DATETIME, Kind.ERROR]), st.sampled_from(TEXTS)),
        st.just((Kind.BLANK, "")),
    ),
    min_size=1,
    max_size=8,
)


def _reader(definition):
    reading = Reading(time_zone="America/Sao_Paulo")
    schema = build_schema({0: definition}, PORTAL, reading)
    return ColumnReader(make_converter(definition, PORTAL, reading), partial(refusals, schema, 0))


def _read(reader, cells):
    """What is read of cells, and what is wrong with each."""
    column = reader.read([text for _, text in cells], np.array([kind for kind, _ in cells], dtype=np.uint8))
    return [
        (value, column.problems.get(place), list(column.refused.get(place, [])))
        for place, value in enumerate(column.cells)
    ]


@pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=DEFINITIONS)
@examples(30)
@given(cells=CELLS)
def test_a_column_comes_out_as_cell_by_cell(definition, cells):
    whole = _reader(definition)

    for _ in range(2):  # the second time from what is remembered
        assert _read(whole, cells) == [_read(_reader(definition), [cell])[0] for cell in cells]


def test_what_is_wrong_is_told_of_each_cell():
    """So that the law above speaks of columns in which something is found."""
    cells = [(Kind.TEXT, "ab1"), (Kind.TEXT, "abcd1"), (Kind.TEXT, "ab"), (Kind.TEXT, "")]

    found = _read(_reader(DEFINITIONS["text with rules"]), cells)

    assert [len(refused) for _, _, refused in found] == [1, 2, 0, 0]
    assert [value for value, _, _ in found] == ["ab1", "abcd1", "ab", ""]
