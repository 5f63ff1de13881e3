"""A column that is read and judged as a whole comes out as cell by cell, whatever was remembered before."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.validation.cells import typed_cells
from schemas.cells import Kind, Reading, Refused
from schemas.property import Option, Pipeline, PortalSchema, Property, Rule, Stage
from schemas.ticket import frame_schema, judge, property_column
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


def _schema(definition):
    return frame_schema({0: property_column(definition, PORTAL, Reading(time_zone="America/Sao_Paulo"))})


def _read(schema, cells):
    """What is read of cells, and what is wrong with each."""
    kinds = np.array([kind for kind, _ in cells], dtype=np.uint8)
    values, problems = judge(schema, {0: typed_cells([text for _, text in cells], kinds)})
    return [
        (None if type(value) is Refused else value, list(problems.get(0, {}).get(place, [])))
        for place, value in enumerate(values[0])
    ]


@pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=DEFINITIONS)
@examples(8)
@given(cells=CELLS)
def test_a_column_comes_out_as_cell_by_cell(definition, cells):
    whole = _schema(definition)

    for _ in range(2):  # the second time from what is remembered
        assert _read(whole, cells) == [_read(_schema(definition), [cell])[0] for cell in cells]


def test_what_is_wrong_is_told_of_each_cell():
    """So that the law above speaks of columns in which something is found."""
    cells = [(Kind.TEXT, "ab1"), (Kind.TEXT, "abcd1"), (Kind.TEXT, "ab"), (Kind.TEXT, "")]

    found = _read(_schema(DEFINITIONS["text with rules"]), cells)

    assert [len(refused) for _, refused in found] == [1, 2, 0, 0]
    assert [value for value, _ in found] == ["ab1", "abcd1", "ab", ""]
