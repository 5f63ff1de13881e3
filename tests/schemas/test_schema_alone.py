"""The schema on its own names the cells and codes that the program names."""

import contextlib
import io
import re
from pathlib import Path

import pandas as pd
import pandera.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer import loader
from importer.loader.columns import choose_sheet, match_columns
from importer.validation.validator import Validation
from schemas.cells import Reading
from schemas.default_portal import body
from schemas.saved import schema_bytes
from schemas.ticket import explain, ticket_schema
from tests.checked_portal import checked_portal
from tests.laws import examples

PAGE = Path(__file__).parents[2] / "docs/library.md"
CELLS = {
    "hs_object_id": ["501", "502", "1E+10", "0501"],
    "subject": ["a", "", "x" * 70_000],
    "amount": ["1", "1,234", "1,5", "much", "1.234,50"],
    "due_on": ["2026-03-04", "03/04/2026", "31/12/2026", "soon"],
    "starts_at": ["2026-03-04 12:30", "2026-03-08 02:30", "noon"],
    "vip": ["yes", "no", "perhaps"],
    "region": ["North", "s", "Sooth"],
    "city": ["Rome", "Ur", "R2D2"],
    "hubspot_owner_id": ["ana@example.com", "Ana Souza", "Bo"],
    "hs_pipeline": ["Returns", "0", "", "Lost"],
    "hs_pipeline_stage": ["New", "Refund sent", "1", "", "Nowhere"],
}
ROW = st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in CELLS.items()})


def _program(frame, path):
    frame.to_csv(path, index=False)
    source = loader.open_file(path)
    portal = checked_portal()
    table = source.table(choose_sheet(source, portal).name)
    columns = match_columns(table.headers, table.header_row, portal)
    found = [
        one
        for chunk in Validation(table, columns, portal, Reading(time_zone=portal.time_zone))
        for one in chunk.findings
    ]
    return sorted((one.row - 2, table.headers[one.position], one.code, str(one.text)) for one in found)


def _alone(frame, schema):
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        found = explain(errors)
        cases = errors.failure_cases[["index", "column", "check"]].itertuples(index=False, name=None)
        assert sorted(found[["row", "column", "code"]].itertuples(index=False, name=None)) == sorted(cases)
        return sorted(found[["row", "column", "code", "message"]].itertuples(index=False, name=None))
    return []


@pytest.fixture(scope="module")
def schema():
    return ticket_schema(checked_portal())


@examples(15)
@given(rows=st.lists(ROW, min_size=1, max_size=4))
def test_the_schema_alone_names_the_same_cells_and_codes(rows, schema, tmp_path_factory):
    frame = pd.DataFrame(rows)

    assert _alone(frame, schema) == _program(frame, tmp_path_factory.mktemp("alone") / "edits.csv")


def test_natural_cells_are_read_as_a_workbook_s_are(schema):
    frame = pd.DataFrame(
        {
            "hs_object_id": [501, 502],
            "amount": [1.5, float("nan")],
            "vip": [True, None],
            "due_on": [pd.Timestamp("2026-03-04"), pd.NaT],
            "starts_at": [pd.Timestamp("2026-03-04 12:30"), pd.NaT],
        },
        index=["first", "second"],
    )

    values = schema.validate(frame, lazy=True)

    assert values.loc["first"].tolist() == ["501", "1.5", "true", "2026-03-04", "2026-03-04T17:30:00.000Z"]
    assert values.loc["second"].tolist() == ["502", "", "", "", ""]


def test_a_column_is_read_as_its_own_cells_prove_each_time(schema):
    british = pd.DataFrame({"due_on": ["31/12/2026", "03/04/2026"]})
    american = pd.DataFrame({"due_on": ["12/31/2026", "03/04/2026"]})

    assert schema.validate(british)["due_on"].tolist() == ["2026-12-31", "2026-04-03"]
    assert schema.validate(american)["due_on"].tolist() == ["2026-12-31", "2026-03-04"]


def test_the_example_of_the_page_runs(tmp_path, monkeypatch):
    bodies = {name: body(name) for name in ("properties", "pipelines", "validations", "account")}
    (tmp_path / "ticket-schema.json").write_bytes(schema_bytes(bodies))
    monkeypatch.chdir(tmp_path)
    example, output = re.search(
        r"```python\n(.*?)```\n\n```text\n(.*?)```",
        PAGE.read_text(encoding="utf-8").partition("## The schema alone")[2],
        re.DOTALL,
    ).groups()
    printed = io.StringIO()

    with contextlib.redirect_stdout(printed):
        exec(compile(example, "library.md", "exec"), {})

    assert printed.getvalue() == output
