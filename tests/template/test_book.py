"""What a template holds, read back by the program's own reader and judged by its own validator."""

import dataclasses
import io
import re
import zipfile
from datetime import UTC, date, datetime, timedelta

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import FileError
from importer.jobs.template import headers_for
from importer.loader import open_file
from importer.loader.columns import choose_sheet, match_columns
from importer.loader.fingerprint import read_fingerprint
from importer.template import Template, template_columns, write_template
from importer.validation.validator import Validation
from schemas.cells import Reading, shows_nothing
from schemas.property import Option, Pipeline, Property, Stage
from schemas.ticket_object import TICKET
from schemas.values import same_value
from tests.laws import examples

PIPELINE, STAGE = TICKET.pipeline, TICKET.stage
EXPORTED = "2026-11-23T12:00:00.000Z"


def write(path, schema, names, tickets):
    definitions = [schema.properties[name] for name in names]
    columns = template_columns(definitions, headers_for(definitions, schema), schema)
    with path.open("wb") as file:
        return write_template(file, Template(columns, schema, EXPORTED), tickets.items())


def read(path, schema):
    """Return what the program would send of each ticket, and what it finds wrong."""
    source = open_file(path)
    sheet = choose_sheet(source, schema)
    table = source.table(sheet.name)
    columns = match_columns(table.headers, table.header_row, schema, skip_read_only=True)
    chunks = list(Validation(table, columns, schema, Reading(time_zone=schema.time_zone, options="labels")))
    wanted = {row.key: dict(row.wanted) for chunk in chunks for row in chunk.rows}
    for chunk in chunks:
        for row in chunk.rows:
            wanted[row.key] |= {name: next(iter(stages.values())) for name, stages in row.pending.items()}
    return wanted, [finding for chunk in chunks for finding in chunk.findings]


def round_trip(path, schema, names, tickets):
    write(path, schema, names, tickets)
    wanted, findings = read(path, schema)
    assert findings == []
    return wanted


SECONDS = (int(datetime(1905, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()))
MOMENTS = st.integers(SECONDS[0] * 1000, SECONDS[1] * 1000).map(lambda ms: datetime.fromtimestamp(ms / 1000, UTC))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def values_for(definition, schema):
    if definition.name == PIPELINE:
        return st.sampled_from([one.id for one in schema.pipelines])
    if definition.is_owner:
        return st.sampled_from(["", *(one.id for one in schema.owners)])
    if definition.is_multiple:
        return st.lists(st.sampled_from([one.value for one in definition.options]), unique=True).map(";".join)
    if definition.type == "enumeration":
        return st.sampled_from(["", *(one.value for one in definition.options)])
    if definition.type == "bool":
        return st.sampled_from(["", "true", "false"])
    if definition.type == "number":
        return st.decimals(-(10**20), 10**20, places=3).map(lambda number: f"{number:f}") | st.integers().map(str)
    if definition.type == "date":
        return st.dates(date(1800, 1, 1), date(2500, 1, 1)).map(date.isoformat)
    if definition.type == "datetime":
        return MOMENTS.map(lambda moment: moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
    return TEXTS.map(str.strip)


KINDS = (
    "property_string", "internal_notes", "property_number", "discount_rate", "refund_amount", "property_date",
    "closed_date", "property_checkbox", "property_dropdown", "support_tier", "affected_products", "hs_pipeline",
    "hubspot_owner_id", "hs_ticket_category",
)  # fmt: skip


@examples(15)
@given(data=st.data())
def test_a_cell_that_nobody_edits_means_the_value_it_was_made_from(data, schema, tmp_path_factory):
    """Whatever the value: labels that two options share, long numbers, hours that come twice, days before 1900.

    A text of characters alone that nobody sees is as good as none.
    """
    values = st.fixed_dictionaries({name: values_for(schema.properties[name], schema) for name in KINDS})
    drawn = data.draw(st.lists(values, min_size=1, max_size=8))
    tickets = {str(key): one for key, one in enumerate(drawn, 512)}

    path = tmp_path_factory.mktemp("law") / "tickets.xlsx"
    wanted = round_trip(path, schema, KINDS, tickets)

    for key, values in tickets.items():
        for name, value in values.items():
            kept = "" if shows_nothing(value) else value.replace("\r\n", "\n").replace("\r", "\n")
            assert same_value(schema.properties[name], wanted[key][name], kept), (name, value, wanted[key][name])


def test_each_stage_of_each_pipeline_is_read_back(schema, tmp_path):
    stages = [(pipeline.id, stage.id) for pipeline in schema.pipelines for stage in pipeline.stages]
    tickets = {str(n): {PIPELINE: pipeline, STAGE: stage} for n, (pipeline, stage) in enumerate(stages, 1)}

    assert round_trip(tmp_path / "both.xlsx", schema, [PIPELINE, STAGE], tickets) == tickets
    alone = round_trip(tmp_path / "alone.xlsx", schema, [STAGE], tickets)

    assert {key: values[STAGE] for key, values in alone.items()} == {k: v[STAGE] for k, v in tickets.items()}


def test_the_fingerprint_gives_the_values_at_export(schema, tmp_path):
    odd = {
        "subject": "=1+1\r\n\x0b_x0041_ #N/A",
        "property_number": "0.10",
        "hs_lastmodifieddate": "2026-01-02T03:04:05Z",
    }
    write(tmp_path / "tickets.xlsx", schema, list(odd), {"512": odd, "513": {}})

    found = read_fingerprint(open_file(tmp_path / "tickets.xlsx"))

    assert found.exported_at == EXPORTED
    assert (found.portal_id, found.time_zone) == (schema.portal_id, schema.time_zone)
    assert found.read_only == ("hs_lastmodifieddate",)
    assert found.values("512") == odd | {"subject": "=1+1\n\x0b_x0041_ #N/A"}
    assert found.values("513") == dict.fromkeys(odd, "")
    assert found.values("999") == {}


@pytest.mark.parametrize(
    "facts", ["{x", "[" * 30_000, "{}", '{"exported_at": 5}', '{"exported_at": "x", "time_zone": "Mars/North"}']
)
def test_a_fingerprint_that_somebody_altered_is_damaged(schema, tmp_path, facts):
    path = tmp_path / "tickets.xlsx"
    write(path, schema, ["subject"], {"512": {"subject": "A"}})
    book = openpyxl.load_workbook(path)
    book["Import fingerprint"]["B2"] = facts
    book.save(path)

    with pytest.raises(FileError, match="damaged"):
        read_fingerprint(open_file(path))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "=cmd|' /C calc'!A0", "#N/A", "TRUE", "007", "1e5"])
def test_text_stays_text(schema, tmp_path, text):
    """A subject that looks like a formula, a number or an error is the text it is."""
    write(tmp_path / "tickets.xlsx", schema, ["subject"], {"512": {"subject": text}})

    cell = openpyxl.load_workbook(tmp_path / "tickets.xlsx")["Tickets"]["B2"]

    with zipfile.ZipFile(tmp_path / "tickets.xlsx") as package:
        assert b"<f>" not in package.read("xl/worksheets/sheet1.xml")
    assert cell.data_type in {"s", "inlineStr"} or cell.value == text
    assert read(tmp_path / "tickets.xlsx", schema)[0] == {"512": {"subject": text}}


def test_a_text_too_long_for_a_cell_is_cut_and_counted(schema, tmp_path):
    long = "ä😀" * 16_000

    count = write(tmp_path / "tickets.xlsx", schema, ["content"], {"512": {"content": long}, "513": {"content": "x"}})

    assert count.cut == 1
    cell = openpyxl.load_workbook(tmp_path / "tickets.xlsx")["Tickets"]["B2"].value
    assert len(cell.encode("utf-16-le")) // 2 <= 32_767
    assert cell.endswith("…")
    assert long.startswith(cell[:-1])


def test_headers_say_labels_and_notes_say_names(schema, tmp_path):
    write(tmp_path / "tickets.xlsx", schema, ["hs_ticket_priority", "hs_lastmodifieddate"], {"512": {}})

    sheet = openpyxl.load_workbook(tmp_path / "tickets.xlsx")["Tickets"]

    assert [cell.value for cell in sheet[1]] == ["Record ID", "Priority", "Last modified date"]
    assert [cell.comment.text.split("\n")[0] for cell in sheet[1]] == [
        "hs_object_id",
        "hs_ticket_priority",
        "hs_lastmodifieddate",
    ]
    assert "Read-only" in sheet["C1"].comment.text
    assert sheet.freeze_panes == "B2"


def test_a_header_that_could_mean_another_thing_is_the_internal_name(schema):
    """A label that two properties bear, that names a key or report column, or that is another one's name."""

    def custom(name, label):
        return Property(name, label, "string", "text")

    odd = [custom("a", "Twice"), custom("b", "twice "), custom("c", "Ticket ID"), custom("d", "Import status")]
    odd += [custom("e", "subject"), custom("f", " "), custom("g", "Two\nlines"), custom("h", "Plain")]
    crowded = dataclasses.replace(schema, properties=dict(schema.properties) | {one.name: one for one in odd})

    assert headers_for(odd, crowded) == ["a", "b", "c", "d", "e", "f", "g", "Plain"]


def rules_of(path):
    sheet = openpyxl.load_workbook(path)["Tickets"]
    return {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}


def listed(path, formula):
    """Return the texts that a drop-down's range holds."""
    first, last = re.findall(r"\$[A-Z]+\$\d+", formula)
    sheet = openpyxl.load_workbook(path)["Import lists"]
    return [cell.value for row in sheet[f"{first}:{last}".replace("$", "")] for cell in row]


def test_drop_downs_offer_what_may_be_chosen(schema, tmp_path):
    path = tmp_path / "tickets.xlsx"
    names = [
        "hs_ticket_priority",
        "support_tier",
        "hubspot_owner_id",
        "property_checkbox",
        "hs_pipeline",
        "affected_products",
    ]
    write(path, schema, names, {"512": {}, "513": {}})

    rules = rules_of(path)

    assert listed(path, rules["B2:B3"].formula1) == ["Low", "Medium", "High", "Urgent"]
    tiers = listed(path, rules["C2:C3"].formula1)
    assert "gold_2024" in tiers, "a label that two options share is no name"
    assert "Bronze" in tiers
    owners = listed(path, rules["D2:D3"].formula1)
    assert all("(" in owner for owner in owners)
    assert not any(one.archived and one.email in owner for one in schema.owners for owner in owners)
    assert rules["E2:E3"].formula1 == '"TRUE,FALSE"'
    assert listed(path, rules["F2:F3"].formula1) == [one.label for one in schema.pipelines]
    assert all(rules[f"{letter}2:{letter}3"].showErrorMessage for letter in "BCDEF")
    assert not rules["G2:G3"].showErrorMessage, "several are typed, not picked"


def test_without_a_pipeline_column_each_row_is_offered_its_own_stages(schema, tmp_path):
    path = tmp_path / "tickets.xlsx"
    first, second, *_ = schema.pipelines
    tickets = {
        str(512 + n): {PIPELINE: one.id, STAGE: one.stages[0].id} for n, one in enumerate([first, first, second, first])
    }
    write(path, schema, [STAGE], tickets)

    rules = rules_of(path)

    assert listed(path, rules["B2:B3 B5"].formula1) == [f"{one.label} ({first.label})" for one in first.stages]
    assert listed(path, rules["B4"].formula1) == [f"{one.label} ({second.label})" for one in second.stages]


def test_with_a_pipeline_column_stages_follow_its_cell(schema, tmp_path):
    path = tmp_path / "tickets.xlsx"
    write(path, schema, [PIPELINE, STAGE], {"512": {}})

    formula = rules_of(path)["C2"].formula1

    assert "OFFSET('Import lists'!$C$1,MATCH($B2," in formula
    assert len(formula) < 255, "what Excel's own dialog takes"


def test_a_label_that_is_a_wildcard_gets_all_stages(schema, tmp_path):
    path = tmp_path / "tickets.xlsx"
    odd = (Pipeline("7", "What?", (Stage("71", "New"), Stage("72", "Locked", locked=True))), *schema.pipelines)
    write(path, dataclasses.replace(schema, pipelines=odd), [PIPELINE, STAGE], {"512": {}})

    offered = listed(path, rules_of(path)["C2"].formula1)

    assert offered[0] == "New (What?)"
    assert "Locked (What?)" not in offered
    assert len(offered) == 1 + sum(len(one.stages) for one in schema.pipelines)


def test_read_only_columns_are_locked_and_the_others_are_not(schema, tmp_path):
    write(tmp_path / "tickets.xlsx", schema, ["subject", "hs_lastmodifieddate"], {"512": {"subject": "x"}})

    sheet = openpyxl.load_workbook(tmp_path / "tickets.xlsx")["Tickets"]

    assert sheet.protection.sheet
    assert sheet.protection.password is None
    assert [cell.protection.locked for cell in sheet[2]] == [True, False, True]
    assert sheet["C2"].fill.fgColor.rgb == sheet["A2"].fill.fgColor.rgb != sheet["B2"].fill.fgColor.rgb


def test_our_own_sheets_are_out_of_sight_and_never_the_data(schema, tmp_path):
    write(tmp_path / "tickets.xlsx", schema, ["external_ref"], {"512": {"external_ref": "A-1"}})
    book = openpyxl.load_workbook(tmp_path / "tickets.xlsx")

    states = {sheet.title: sheet.sheet_state for sheet in book}
    for sheet in book:
        sheet.sheet_state = "visible"
    shown = io.BytesIO()
    book.save(shown)
    (tmp_path / "shown.xlsx").write_bytes(shown.getvalue())

    assert states == {"Tickets": "visible", "Import lists": "hidden", "Import fingerprint": "veryHidden"}
    assert choose_sheet(open_file(tmp_path / "shown.xlsx"), schema).name == "Tickets"


def test_days_and_moments_are_real_dates_in_the_portals_zone(schema, tmp_path):
    values = {"property_date": "2026-03-04", "closed_date": "2026-03-04T02:30:00.000Z"}
    write(tmp_path / "tickets.xlsx", schema, list(values), {"512": values})

    sheet = openpyxl.load_workbook(tmp_path / "tickets.xlsx")["Tickets"]

    assert sheet["B2"].value == datetime(2026, 3, 4)  # noqa: DTZ001 - a cell has no zone
    assert sheet["C2"].value == datetime(2026, 3, 3, 23, 30)  # noqa: DTZ001 - the zone of Sao Paulo
    assert (sheet["B2"].number_format, sheet["C2"].number_format) == ("yyyy-mm-dd", "yyyy-mm-dd hh:mm")


def test_an_hour_that_comes_twice_is_written_with_its_offset(schema, tmp_path):
    eastern = dataclasses.replace(schema, time_zone="America/New_York")
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    moments = {
        str(512 + n): {"closed_date": (first + timedelta(hours=n)).strftime("%Y-%m-%dT%H:%M:%S.000Z")} for n in range(3)
    }

    assert round_trip(tmp_path / "tickets.xlsx", eastern, ["closed_date"], moments) == moments
    cells = [row[1].value for row in openpyxl.load_workbook(tmp_path / "tickets.xlsx")["Tickets"].iter_rows(2)]
    assert isinstance(cells[1], str)
    assert isinstance(cells[0], datetime)


def test_options_whose_labels_mislead_are_shown_by_value(schema, tmp_path):
    """A label that is another option's value, an empty one, one with a semicolon among several."""
    options = (Option("a", "b"), Option("b", "B side"), Option("c", ""), Option("d", "D; E"))
    single = Property("single", "Single", "enumeration", "select", options)
    several = Property("several", "Several", "enumeration", "checkbox", options)
    odd = dataclasses.replace(schema, properties=dict(schema.properties) | {"single": single, "several": several})
    tickets = {one.value: {"single": one.value, "several": f"a;{one.value}".removeprefix("a;a")} for one in options}
    tickets = {str(n): values for n, values in enumerate(tickets.values(), 1)}
    tickets["1"]["several"] = "a"

    wanted = round_trip(tmp_path / "tickets.xlsx", odd, ["single", "several"], tickets)

    assert wanted == tickets
