"""A file that nobody edited changes nothing, whatever the options, stages, pipelines and owners are called."""

import csv
import re
from dataclasses import replace

import openpyxl
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.escape import escape

from importer.loader import open_file
from importer.loader.columns import choose_sheet, match_columns
from importer.loader.fingerprint import read_fingerprint
from importer.template.edits import Edits
from importer.validation.validator import Validation
from schemas.cells import Reading, shows_nothing
from schemas.property import Option, Owner, Pipeline, Property, Stage
from schemas.ticket_object import TICKET
from schemas.values import same_value
from tests.laws import examples
from tests.template.test_book import write

NAMES = st.sampled_from(
    [
        "High", "HIGH", "high", " High", "High ", "H\u00edgh", "1", "2", "0", "007", "1e5", "1.5", "1,5", "true",
        "false",
        "TRUE", "Yes", "No", "yes", "off", "2026-03-04", "03/04/2026", "(empty)", "(not known)", "null", "N/A", "-",
        "clear", "A", "B", "a", "A;B", "a;b", "A; B", ";", ";A", "A;", "=1+1", "#N/A", "#REF!", "$5", "5%", "<b>",
        "New", "New (Returns)", "Returns", "Support Pipeline", "\u200b", "\u200bA", "\u00a0", "A\u00a0B", "A B",
        "\u0130",
        "i", "\u00df", "SS", "updated", "invalid", "_x0041_", "line\nbreak", "'A", "Ana Souza", "ana@example.com",
    ]
)  # fmt: skip
SELECT, TAGS, BOOL, FLAG, OWNER = "a_select", "a_checkbox", "a_bool", "a_flag", "hubspot_owner_id"
COLUMNS = [SELECT, TAGS, BOOL, FLAG, OWNER, TICKET.pipeline, TICKET.stage]


@st.composite
def portals(draw, schema, names=NAMES):
    """Draw a portal with names that mislead."""

    def options():
        values = draw(st.lists(NAMES.filter(lambda name: ";" not in name), unique=True, min_size=1, max_size=6))
        return tuple(Option(value, draw(names)) for value in values)

    def truths():
        return tuple(Option(value, draw(names)) for value in ("true", "false"))

    stage_ids = draw(
        st.lists(st.sampled_from(["1", "2", "3", "4", "5", "6", "7", "8"]), unique=True, min_size=4, max_size=8)
    )
    pipelines = tuple(
        Pipeline(number, draw(names), tuple(Stage(one, draw(names)) for one in stage_ids[place::2]))
        for place, number in enumerate(("1", "20"))
    )
    definitions = (
        Property(SELECT, "A select", "enumeration", "select", options=options()),
        Property(TAGS, "A checkbox", "enumeration", "checkbox", options=options()),
        Property(BOOL, "A bool", "bool", "booleancheckbox", options=truths()),
        Property(FLAG, "A flag", "enumeration", "booleancheckbox", options=truths()),
    )
    owners = tuple(Owner(number, draw(names), draw(names), "") for number in ("1", "2", "31"))
    return replace(
        schema,
        properties={**schema.properties, **{one.name: one for one in definitions}},
        pipelines=pipelines,
        owners=owners,
        owners_known=True,
    )


def tickets_of(portal):
    """Draw tickets of a portal: values by record ID."""

    def one(name, more=("",)):
        return st.sampled_from([*more, *(option.value for option in portal.properties[name].options)])

    def several(pipeline):
        stage = st.sampled_from([one.id for one in pipeline.stages])
        tags = st.lists(st.sampled_from([one.value for one in portal.properties[TAGS].options]), unique=True)
        return st.fixed_dictionaries(
            {
                SELECT: one(SELECT),
                TAGS: tags.map(";".join),
                BOOL: one(BOOL),
                FLAG: one(FLAG),
                OWNER: st.sampled_from(["", "1", "2", "31"]),
                TICKET.pipeline: st.just(pipeline.id),
                TICKET.stage: stage,
            }
        )

    ticket = st.sampled_from(portal.pipelines).flatmap(several)
    return st.lists(ticket, min_size=1, max_size=5).map(
        lambda drawn: {str(key): values for key, values in enumerate(drawn, 512)}
    )


def changes(path, portal, tickets, **reading):
    """Return what the file would change, {(ticket, property): value}, and the codes of what is refused."""
    source = open_file(path)
    table = source.table(choose_sheet(source, portal).name)
    columns = match_columns(table.headers, table.header_row, portal)
    fingerprint = read_fingerprint(source)
    edits = Edits(fingerprint, columns) if fingerprint else None
    how = Reading(time_zone=portal.time_zone, options="labels" if fingerprint else None, **reading)
    found, codes = {}, []
    for chunk in Validation(table, columns, portal, how, edits=edits):
        codes += [one.code for one in chunk.findings]
        for row in chunk.rows:
            held = tickets[row.key]
            # A stage that the ticket's own pipeline lacks is refused once that is known.
            stages = {name: by.get(held[TICKET.pipeline]) for name, by in row.pending.items()}
            codes += ["stage_not_in_pipeline" for stage in stages.values() if stage is None]
            stages = {name: stage for name, stage in stages.items() if stage is not None}
            for name, value in (dict(row.wanted) | stages).items():
                if not same_value(portal.properties[name], value, held[name]):
                    found[row.key, name] = value
    return found, codes


@examples(20)
@given(data=st.data())
def test_an_unedited_template_changes_nothing_and_nothing_in_it_is_refused(data, schema, tmp_path_factory):
    portal = data.draw(portals(schema))
    tickets = data.draw(tickets_of(portal))
    path = tmp_path_factory.mktemp("template") / "tickets.xlsx"
    write(path, portal, COLUMNS, tickets)

    assert changes(path, portal, tickets) == ({}, [])


def test_a_word_under_crossed_labels_is_unedited(schema, tmp_path):
    """The value `true` stands as a word where its label shows nothing, and is the label of the other choice."""
    crossed = Property(BOOL, "A bool", "bool", "booleancheckbox", (Option("true", "\u200b"), Option("false", "true")))
    choice = {name: Property(name, name, "enumeration", "select", (Option("x", "X"),)) for name in (SELECT, FLAG, TAGS)}
    portal = replace(schema, properties={**schema.properties, **choice, BOOL: crossed})
    pipeline = portal.pipelines[0]
    values = dict.fromkeys(COLUMNS, "") | {TICKET.pipeline: pipeline.id, TICKET.stage: pipeline.stages[0].id}
    tickets = {"512": values | {BOOL: "true"}, "513": values | {BOOL: "false"}}
    write(tmp_path / "tickets.xlsx", portal, COLUMNS, tickets)

    assert changes(tmp_path / "tickets.xlsx", portal, tickets) == ({}, [])


ESCAPE_LIKE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
"""What looks like an escaped character, and is text (ECMA-376 part 1, 22.9.2.19). openpyxl's `escape` leaves it."""


def exported(portal, name, values):
    """Return a cell as HubSpot's own exports have it: labels, with `;` between several."""
    value = values[name]
    if name == TICKET.pipeline:
        return next(one.label for one in portal.pipelines if one.id == value)
    if name == TICKET.stage:
        pipeline = next(one for one in portal.pipelines if one.id == values[TICKET.pipeline])
        return next(f"{one.label} ({pipeline.label})" for one in pipeline.stages if one.id == value)
    if name == OWNER:
        return next((one.name for one in portal.owners if one.id == value), "")
    labels = {one.value: one.label for one in portal.properties[name].options}
    return ";".join(labels[one] for one in value.split(";")) if value else ""


@examples(20)
@given(data=st.data())
def test_an_unedited_export_changes_nothing(data, schema, tmp_path_factory):
    """A text that fits two choices may be refused; it is never taken for another one than it was made from.

    A label that shows nothing is left out: its cell is empty.
    """
    portal = data.draw(portals(schema, NAMES.filter(lambda name: not shows_nothing(name))))
    tickets = data.draw(tickets_of(portal))
    names = data.draw(st.lists(st.sampled_from(COLUMNS), unique=True, min_size=1))
    labels = {name: portal.properties[name].label for name in names}
    lines = [[key, *(exported(portal, name, values) for name in names)] for key, values in tickets.items()]
    folder = tmp_path_factory.mktemp("export")
    with (folder / "export.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["Record ID", *labels.values()], *lines])
    book = openpyxl.Workbook()
    for line in [["Record ID", *labels.values()], *lines]:
        book.active.append([escape(ESCAPE_LIKE.sub("_x005F_", cell)) for cell in line])
    for cell in (cell for row in book.active.iter_rows(min_row=2) for cell in row if cell.value is not None):
        cell.data_type = "s"
    book.save(folder / "export.xlsx")

    for name in ("export.csv", "export.xlsx"):
        assert changes(folder / name, portal, tickets)[0] == {}
