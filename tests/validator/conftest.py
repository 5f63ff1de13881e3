"""Files checked as a run checks them: through the loader, against a portal of every type of property."""

from dataclasses import dataclass, field, replace

import openpyxl
import pytest

from importer import loader
from importer.loader.columns import choose_sheet, match_columns
from importer.validator import Validation
from schemas.cells import Reading
from schemas.property import Option, Owner, Pipeline, Property, Rule, Stage
from schemas.saved import load_default_portal

CUSTOM = (
    Property("amount", "Amount", "number", "number"),
    Property("due_on", "Due on", "date", "date"),
    Property("starts_at", "Starts at", "datetime", "date"),
    Property("vip", "VIP", "bool", "booleancheckbox"),
    Property("code", "Code", "string", "text"),
    Property("external_ref", "External ref", "string", "text", unique=True),
    Property("other_ref", "Other ref", "number", "number", unique=True),
    Property(
        "region",
        "Region",
        "enumeration",
        "select",
        options=(Option("n1", "North"), Option("n2", "North"), Option("s", "South")),
    ),
    Property(
        "city", "City", "string", "text", rules=(Rule("MIN_LENGTH", ("3",)), Rule("ALPHANUMERIC", ("ALPHA_ONLY",)))
    ),
    Property("twin_a", "Twin", "string", "text"),
    Property("twin_b", "Twin", "string", "text"),
    Property("site", "Site", "string", "text", rules=(Rule("A_RULE_OF_TOMORROW"),)),
)


@pytest.fixture(scope="session")
def portal():
    """Return a portal with the default properties, some of every type, two pipelines and a few owners."""
    default = load_default_portal()
    return replace(
        default,
        properties={**default.properties, **{one.name: one for one in CUSTOM}},
        pipelines=(
            *default.pipelines,
            Pipeline("77", "Returns", (Stage("701", "New"), Stage("702", "Refund sent"))),
        ),
        owners=(Owner("11", "ana@example.com", "Ana", "Souza"), Owner("12", "ana.b@example.com", "Ana", "Souza")),
        owners_known=True,
        time_zone="America/New_York",
    )


@dataclass
class Checked:
    """What became of a file."""

    rows: dict = field(default_factory=dict)
    invalid: list = field(default_factory=list)
    findings: list = field(default_factory=list)
    notices: list = field(default_factory=list)

    @property
    def codes(self):
        """(cell, code) of each finding."""
        return [(one.cell or one.row, one.code) for one in self.findings]

    def wanted(self, row):
        """Return what a row says."""
        return dict(self.rows[row].wanted)


@pytest.fixture
def check(tmp_path, portal):
    """Return a function that checks a file, or rows of one."""

    def run(content, *, chunk_size=10_000, id_property=None, schema=None, **reading):
        schema = schema or portal
        path = content if hasattr(content, "suffix") else write(tmp_path, content)
        source = loader.open_file(path)
        table = source.table(choose_sheet(source, schema, id_property=id_property).name)
        columns = match_columns(table.headers, table.header_row, schema, id_property=id_property)
        validation = Validation(
            table, columns, schema, Reading(**{"time_zone": schema.time_zone, **reading}), chunk_size=chunk_size
        )
        checked = Checked()
        for chunk in validation:
            checked.rows |= {row.row: row for row in chunk.rows}
            checked.invalid += chunk.invalid
            checked.findings += chunk.findings
        checked.notices = [str(one) for one in validation.notices]
        return checked

    return run


def write(folder, content):
    """Write a CSV of text, or a workbook of rows of cells."""
    if isinstance(content, str):
        path = folder / "edits.csv"
        path.write_text(content, encoding="utf-8", newline="")
        return path
    book = openpyxl.Workbook()
    for row in content:
        book.active.append(row)
    path = folder / "edits.xlsx"
    book.save(path)
    return path
