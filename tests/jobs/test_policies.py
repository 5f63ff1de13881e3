"""What a column's cells do to the portal's values, by `--policy`, `[columns.policy]` and `--clear-word`."""

from itertools import cycle

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


class Table:
    """The table of one policy, set up in a portal: a ticket for each place of it, in some columns at once."""

    def __init__(self, policy, names, portal, sheet):
        cases = [
            (before, cell, after)
            for before, row in TABLE[policy].items()
            for cell, after in zip(CELLS, row, strict=True)
        ]
        self.names, self.portal = names, portal
        self.before, cells, self.wanted = (
            {key: tuple(spell(name, case[which]) for name in names) for key, case in zip(KEYS, cases, strict=True)}
            for which in range(3)
        )
        for key, texts in self.before.items():
            portal.change(key, dict(zip(names, texts, strict=True)))
        self.path = sheet(("Record ID", *names), *((key, *texts) for key, texts in cells.items()))
        policies = (word for name in names for word in ("--policy", f"{name}={policy}"))
        self.options = (*policies, "--clear-word", "(clear)", "--json")

    def held(self):
        """Return what the portal has now."""
        found = {key: self.portal.ticket(key)["properties"] for key in self.before}
        return {key: tuple(one.get(name) or "" for name in self.names) for key, one in found.items()}

    @property
    def changes(self):
        """Whether a row changes anything, row by row."""
        return [self.before[key] != self.wanted[key] for key in self.before]

    @property
    def cleared(self):
        """How many cells a run empties."""
        pairs = [pair for key in self.before for pair in zip(self.before[key], self.wanted[key], strict=True)]
        return sum(1 for before, after in pairs if before and not after)


@pytest.mark.parametrize("policy", TABLE)
def test_what_a_cell_does(policy, portal, sheet, program):
    table = Table(policy, [*COLUMNS], portal, sheet)
    path, options = table.path, table.options

    planned = program(path, "--dry-run", *options, portal=portal)
    expected = ["would update" if changes else "unchanged" for changes in table.changes]
    assert (planned.code, statuses(path)) == (0, expected), planned.err
    assert table.held() == table.before

    ran = program(path, "--yes", *options, portal=portal)
    assert (ran.code, table.held()) == (0, table.wanted), ran.err
    assert planned.summary["cells"]["cleared"] == ran.summary["cells"]["cleared"] == table.cleared

    again = program(path, "--yes", *options, portal=portal)
    assert (again.code, set(statuses(path)), table.held()) == (0, {"unchanged"}, table.wanted)

    undone = program("undo", ran.summary["run_id"], "--yes", "--json", portal=portal)
    assert (undone.code, table.held()) == (0, table.before), undone.err


@pytest.mark.parametrize(("policy", "kind"), [*zip(TABLE, cycle(["jsonl", "xlsx"]), strict=False)])
def test_a_plan_file_does_what_a_run_does(policy, kind, portal, sheet, program, tmp_path):
    """`apply` knows no option of the planning: what the cells do is in the plan."""
    table = Table(policy, [*COLUMNS], portal, sheet)
    plan = tmp_path / f"plan.{kind}"

    planned = program("plan", table.path, "-o", plan, *table.options, portal=portal)
    assert (planned.code, table.held()) == (0, table.before), planned.err
    assert planned.summary["rows"]["would_update"] == sum(table.changes)

    words = {f"({policy})"} - {"(overwrite)"}
    approved = program("approve", plan, "--yes", portal=portal)
    assert all(approved.err.count(one) == planned.err.count(one) == len(COLUMNS) for one in words), approved.err

    applied = program("apply", plan, "--yes", "--json", portal=portal)
    assert all(applied.err.count(one) == len(COLUMNS) for one in words), applied.err
    assert (applied.code, table.held()) == (0, table.wanted), applied.err
    assert statuses(table.path) == ["updated" if changes else "unchanged" for changes in table.changes]
    assert planned.summary["cells"] == applied.summary["cells"]
    assert applied.summary["cells"]["cleared"] == table.cleared

    again = program("plan", table.path, "-o", tmp_path / f"again.{kind}", *table.options, portal=portal)
    assert (again.code, again.summary["rows"]["unchanged"]) == (0, len(KEYS)), again.err

    undone = program("undo", applied.summary["run_id"], "--yes", "--json", portal=portal)
    assert not any(one in undone.err for one in words), "an undo follows no policy"
    assert (undone.code, table.held()) == (0, table.before), undone.err


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
