"""What a column's cells do to the portal's values, by `--policy`, `[columns.policy]` and `--clear-word`."""

import pytest

from importer.model import Policy
from tests.jobs.office import A, B, C, statuses, values

KEYS = [f"250123450{number}" for number in ("01", "13", "15", "22", "25", "30", "34", "41", "43", "45", "47", "49")]
CELLS = ("", "one", "new", "(clear)")
"""What the sheet holds: nothing, what some tickets hold, something else, the clear word."""

TABLE = {
    # before: what each of the cells makes of it
    "overwrite": {
        "": ("", "one", "new", ""),
        "one": ("", "one", "new", ""),
        "other": ("", "one", "new", ""),
    },
    "keep-blank": {
        "": ("", "one", "new", ""),
        "one": ("one", "one", "new", ""),
        "other": ("other", "one", "new", ""),
    },
    "fill-empty": {
        "": ("", "one", "new", ""),
        "one": ("one", "one", "one", ""),
        "other": ("other", "other", "other", ""),
    },
    "append": {
        "": ("", "one", "new", ""),
        "one": ("one", "one", "one+new", ""),
        "other": ("other", "other+one", "other+new", ""),
    },
    "remove": {
        "": ("", "", "", ""),
        "one": ("one", "", "one", ""),
        "other": ("other", "other", "other", ""),
    },
}
COLUMNS = {
    "internal_notes": ({"one": "one", "new": "new", "other": "other"}, "\n"),
    "affected_products": ({"other": "router", "one": "camera", "new": "nobreak"}, ";"),
}
"""By property: what the words of the table stand for there, and what parts them."""


def spell(name, text):
    """Return a text of the table as the property has it."""
    words, parts = COLUMNS[name]
    return parts.join(words.get(one, one) for one in text.split("+"))


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("policy", TABLE)
def test_what_a_cell_does(policy, name, portal, sheet, program):
    cases = [
        (before, cell, after) for before, row in TABLE[policy].items() for cell, after in zip(CELLS, row, strict=True)
    ]
    before = {key: spell(name, case[0]) for key, case in zip(KEYS, cases, strict=True)}
    wanted = {key: spell(name, case[2]) for key, case in zip(KEYS, cases, strict=True)}
    for key, value in before.items():
        portal.change(key, {name: value})
    path = sheet(("Record ID", name), *((key, spell(name, case[1])) for key, case in zip(KEYS, cases, strict=True)))
    options = ("--policy", f"{name}={policy}", "--clear-word", "(clear)", "--json")

    def held():
        return {key: portal.ticket(key)["properties"].get(name) or "" for key in before}

    planned = program(path, "--dry-run", *options, portal=portal)
    expected = ["would update" if before[key] != wanted[key] else "unchanged" for key in before]
    assert (planned.code, statuses(path)) == (0, expected), planned.err
    assert held() == before

    ran = program(path, "--yes", *options, portal=portal)
    assert (ran.code, held()) == (0, wanted), ran.err
    emptied = sum(1 for key in before if before[key] and not wanted[key])
    assert planned.summary["cells"]["cleared"] == ran.summary["cells"]["cleared"] == emptied

    again = program(path, "--yes", *options, portal=portal)
    assert (again.code, set(statuses(path)), held()) == (0, {"unchanged"}, wanted)

    undone = program("undo", ran.summary["run_id"], "--yes", "--json", portal=portal)
    assert (undone.code, held()) == (0, before), undone.err


def test_every_policy_is_in_the_table():
    assert [*TABLE] == [*Policy]


# --- which column has which -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--policy", "Priority=append"], "texts of several lines"),
        (["--policy", "Ticket name=append"], "texts of several lines"),
        (["--policy", "Due on=remove"], "texts of several lines"),
        (["--policy", "Record ID=append"], "identifies the tickets"),
        (["--policy", "Prioritty=keep-blank"], 'did you mean "Priority"'),
        (["--policy", "Priority=fill-empty", "--no-diff"], "--no-diff"),
        (["--policy", "Priority=fill"], "fill-empty"),
        (["--policy", "Priority"], "HEADER=POLICY"),
        (["--clear-word", "Urgent"], '--clear-word "Urgent" is also a value of "Priority"'),
        (["--clear-word", "HIGH"], '--clear-word "HIGH" is also a value of "Priority"'),
        (["--clear-word", "Ana Souza"], 'is also a value of "Ticket owner"'),
        (["--clear-word", "New"], 'is also a value of "Ticket status"'),
        (["--clear-word", " "], "is empty"),
    ],
)
def test_what_cannot_be_is_bad_usage(options, words, portal, sheet, program):
    before = values(portal, A)
    header = ("Record ID", "Ticket name", "Priority", "Ticket owner", "Ticket status", "Due on")
    path = sheet(header, (A, "x", "HIGH", "", "Closed", ""))
    content = path.read_bytes()

    ended = program(path, "--yes", *options, portal=portal)

    assert ended.code == 2
    assert words in ended.err
    assert path.read_bytes() == content
    assert values(portal, A) == before


def test_the_last_policy_of_a_column_counts_by_header_or_property(portal, sheet, program):
    """What is typed comes after what the settings say."""
    portal.change(A, {"internal_notes": "old"})
    path = sheet(("Record ID", "Internal notes"), (A, "new"))
    (path.parent / "import-tickets.toml").write_text('[columns.policy]\ninternal_notes = "fill-empty"\n')

    kept = program(path, "--yes", portal=portal)
    added = program(
        path, "--yes", "--policy", "internal_notes=remove", "--policy", "Internal notes=append", portal=portal
    )

    assert (kept.code, added.code) == (0, 0)
    assert portal.ticket(A)["properties"]["internal_notes"] == "old\nnew"
    assert '"Internal notes": only where the portal has nothing (fill-empty).' in kept.err
    assert '"Internal notes": added to what the portal has (append).' in added.err


def test_a_policy_for_a_property_that_the_sheet_lacks_is_reported(portal, sheet, program):
    """Settings serve several sheets."""
    ended = program(
        sheet(("Record ID", "Priority"), (A, "HIGH")), "--dry-run", "--policy", "due_on=keep-blank", portal=portal
    )

    assert ended.code == 0
    assert 'No column is called "due_on", which --policy names.' in ended.err


def test_a_pipeline_and_a_stage_cannot_be_cleared_by_the_word_either(portal, sheet, program):
    """Empty cells do nothing there, by their policy; the word clears under every policy."""
    header = ("Record ID", "Pipeline", "Ticket status", "Priority")
    path = sheet(header, (A, "", "", "HIGH"), (B, "(clear)", "", "LOW"), (C, "Support Pipeline", "(clear)", "LOW"))
    options = ("--clear-word", "(clear)", "--blank", "keep")

    ended = program(path, "--dry-run", "--json", *options, portal=portal)

    assert ended.codes == [(3, "cannot_clear"), (4, "cannot_clear")]


def test_a_row_of_clear_words_without_a_key_is_no_empty_row(portal, sheet, program):
    path = sheet(("Record ID", "Priority"), (A, "HIGH"), ("", "(clear)"))

    ended = program(path, "--dry-run", "--json", "--clear-word", "(clear)", portal=portal)

    assert ended.codes == [(3, "missing_key")]


def test_a_text_that_would_become_too_long_is_refused(portal, sheet, program):
    portal.change(A, {"internal_notes": "x" * 65_530})
    path = sheet(("Record ID", "Internal notes"), (A, "too much"), (B, "fits"))

    ended = program(path, "--yes", "--on-invalid", "skip", "--json", "--policy", "Internal notes=append", portal=portal)

    assert ended.codes == [(2, "too_long")]
    assert ended.summary["rows"]["updated"] == 1


def test_several_lines_are_added_once_and_taken_away_together(portal, sheet, program):
    portal.change(A, {"internal_notes": "first\nlast\n"})
    path = sheet(("Record ID", "Internal notes"), (A, "called back\r\nno answer\n"))

    def run(policy):
        ended = program(path, "--yes", "--json", "--policy", f"Internal notes={policy}", portal=portal)
        assert ended.code == 0, ended.err
        return portal.ticket(A)["properties"]["internal_notes"].strip(), ended.summary["rows"]["unchanged"]

    assert run("append") == ("first\nlast\ncalled back\nno answer", 0)
    assert run("append") == ("first\nlast\ncalled back\nno answer", 1)
    assert run("remove") == ("first\nlast", 0)
    assert run("remove") == ("first\nlast", 1)


def test_reconcile_judges_by_the_policy(portal, sheet, program):
    portal.change(A, {"internal_notes": "first\nsecond"})
    portal.change(B, {"internal_notes": "third"})
    path = sheet(("Record ID", "Internal notes"), (A, "second"), (B, "second"))

    program("reconcile", path, "--policy", "Internal notes=append", portal=portal)

    assert statuses(path) == ["matches", "differs"]
