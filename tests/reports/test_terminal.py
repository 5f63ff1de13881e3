"""What people read: plan, findings, totals, with and without a terminal."""

import re
import subprocess
import sys
from datetime import date

import pytest

from importer.errors import ColumnsError, DailyLimit
from importer.findings import Finding
from importer.i18n import translations
from importer.model import Status
from importer.reports.column_plan import ColumnFlow, ColumnPlan, ExampleRow, Range
from importer.reports.finding_groups import group_findings
from importer.reports.plan_view import Forecast, PlanView
from importer.reports.summary import build_summary, failure_summary
from importer.reports.terminal import Terminal
from schemas.message import message

ENGLISH, PORTUGUESE = translations("en"), translations("pt-BR")

PLAN = PlanView(
    file="edits.xlsx",
    sheet="Q3",
    portal=message("portal {portal} ({kind})", portal="1234567", kind=message("sandbox account")),
    rows_to_update=398,
    unchanged=11,
    invalid=5,
    conflicts=2,
    columns=(
        ColumnPlan(
            "hs_ticket_priority",
            "Priority",
            1320,
            4,
            (ColumnFlow("Low", "High", 1310), ColumnFlow("High", "", 4)),
            others=10,
        ),
        ColumnPlan(
            "due",
            "Due on",
            90,
            0,
            before=Range(date(2026, 1, 1), date(2026, 3, 4)),
            after=Range(date(2026, 4, 1), date(2026, 4, 1)),
        ),
        ColumnPlan("closed", "Close date", 0, 398, cleared_everywhere=True),
    ),
    forecast=Forecast(requests=4, seconds=200, daily_share=0.0004),
    stage_moves=12,
    closing=1,
    owner_changes=3,
    notices=(message("3 hidden rows are read too"),),
    example=ExampleRow(
        2, "502", "Printer on [b]fire", (("Priority", "Low", "High"), ("Close date", date(2026, 1, 1), ""))
    ),
    time_zone="America/Sao_Paulo",
)

FINDINGS = [
    Finding("invalid_option", message('"{value}" isn\'t an option', value="Urg[b]ent\x1b[31m"), 7, 3, "Priority"),
    Finding("formula_not_calculated", message("the formula has no stored result"), 12, 0, "A header that is very long"),
    Finding("ragged_row", message("5 fields, and the header has 6"), 15),
    Finding("empty_file", message("the file is empty")),
]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def test_the_plan_without_a_terminal(pipe):
    """Plain lines, none of them folded, no trailing spaces."""
    Terminal(ENGLISH, stream=pipe).show_plan(PLAN)

    assert pipe.getvalue().splitlines() == [
        'edits.xlsx, sheet "Q3" → portal 1234567 (sandbox account)',
        "  398 rows to update, 11 unchanged, 5 invalid (2 of them changed in the portal since the sheet was made)",
        "  1,410 cells to change, 402 to clear",
        "  column      change  clear  before → after",
        "  Priority     1,320      4  1,310 x Low → High",
        "                                 4 x High → (empty)",
        "                             and 10 others",
        "  Due on          90      0  from 2026-01-01 … 2026-03-04",
        "                             to 2026-04-01",
        "  Close date       0    398",
        '  For example row 2, ticket 502 "Printer on [b]fire": Priority Low → High; Close date 2026-01-01 → (empty)',
        "  Times are in America/Sao_Paulo.",
        "  12 tickets move to another stage",
        "  1 ticket closes",
        "  3 tickets get another owner",
        "  4 values of Priority are erased.",
        '  "Close date" is empty on every valid row: 398 values are erased.',
        "  3 hidden rows are read too",
        "  4 update requests, about 3 min 20 s, <0.1 % of the day's calls",
    ]


def test_the_plan_in_portuguese(pipe):
    Terminal(PORTUGUESE, stream=pipe).show_plan(PLAN)

    told = pipe.getvalue()
    assert "  398 linhas a atualizar, 11 sem mudança, 5 com erro (2 delas por terem mudado" in told
    assert '  "Close date" está vazia em todas as linhas válidas: 398 valores são apagados.' in told
    assert "  4 requisições de atualização, cerca de 3 min 20 s, <0,1 % das chamadas do dia" in told


def test_a_plan_that_changes_nothing(pipe):
    plan = PlanView("a.csv", None, None, 0, 3, 0, 0, (), Forecast(0, 0.0))

    Terminal(ENGLISH, stream=pipe).show_plan(plan)

    assert pipe.getvalue() == "a.csv\n  0 rows to update, 3 unchanged, 0 invalid\n"


@pytest.mark.parametrize("width", [80, 120])
def test_nothing_is_wider_than_the_terminal(screen, width):
    """At 80 and 120 columns every line fits, and every text is there."""
    terminal = Terminal(ENGLISH, stream=screen, width=width)
    terminal.show_plan(PLAN)
    terminal.show_findings(group_findings(FINDINGS), count=4)

    lines = [strip_colours(line) for line in screen.getvalue().splitlines()]
    assert max(map(len, lines)) <= width
    for finding in FINDINGS:
        assert any(finding.code in line for line in lines)
    if width == 120:
        assert sum("formula_not_calculated" in line and "no stored result" in line for line in lines) == 1


def strip_colours(line):
    return re.sub(r"\x1b\[[0-9;]*m", "", line)


def test_a_cleared_column_is_red(screen):
    Terminal(ENGLISH, stream=screen, width=100).show_plan(PLAN)

    red = [line for line in screen.getvalue().splitlines() if "\x1b[1;31m" in line]
    assert [strip_colours(line).split()[0] for line in red] == ["Priority", "Close", "4", '"Close']


def test_no_color_is_honoured(screen, monkeypatch):
    """NO_COLOR: not one colour, whatever is drawn."""
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal(ENGLISH, stream=screen, width=100)

    terminal.show_plan(PLAN)
    terminal.show_error(DailyLimit(message("careful")))

    codes = {code for found in re.findall(r"\x1b\[([0-9;]*)m", screen.getvalue()) for code in found.split(";")}
    assert not codes & {str(colour) for colour in (*range(30, 50), *range(90, 108))}


def test_findings_are_aligned_and_counted(pipe):
    """The first kinds, each with its text, its place and its code, and how many more there are."""
    Terminal(ENGLISH, stream=pipe).show_findings(
        group_findings(FINDINGS), count=212, title=message("{file}:", file="a\nb.csv"), limit=3
    )

    assert pipe.getvalue().splitlines() == [
        "a b.csv:",
        '  Priority                  "Urg[b]ent\\x1b[31m" isn\'t an option  D7  invalid_option',
        "  A header that is very l…  the formula has no stored result  A12  formula_not_calculated",
        "                            5 fields, and the header has 6  row 15  ragged_row",
        "  ... and 209 more",
    ]


def test_equal_findings_are_told_once_with_their_cells(finished, pipe):
    """A mistake of many cells is one line; what says something else of the same column is another."""
    wrong = message('"{value}" isn\'t an option; did you mean {near}?', value="Urgentt", near='"Urgent"')
    other = message('"{value}" isn\'t an option; did you mean {near}?', value="Lo", near='"Low"')
    cells = [
        (12, wrong, "Urgentt"),
        (10, other, "Lo"),
        (11, wrong, "Urgentt"),
        *((n, wrong, "Urgentt") for n in (40, 9)),
    ]
    found = [Finding("invalid_option", text, row, 2, "Priority", value=value) for row, text, value in cells]
    found += [Finding("ragged_row", message("5 fields, and the header has 6"), row) for row in (15, 16)]
    finished.rows.add_findings(found)

    Terminal(ENGLISH, stream=pipe).show_findings(finished.report.remark_groups(rows=3), count=len(found) + 2)

    lines = [" ".join(line.split()) for line in pipe.getvalue().splitlines()]
    assert (
        'Priority "Urgentt" isn\'t an option; did you mean "Urgent"? 4 cells: C9, C11, C12, ... invalid_option' in lines
    )
    assert 'Priority "Lo" isn\'t an option; did you mean "Low"? C10 invalid_option' in lines
    assert "5 fields, and the header has 6 2 rows: 15, 16 ragged_row" in lines
    assert not any("more" in line for line in lines)


def test_findings_are_grouped_alike_in_memory_and_in_the_journal(finished):
    """`runs show` has them in memory, a plan in the journal."""
    text = message("the formula has no stored result")
    found = [Finding("formula_not_calculated", text, row, 1, "Name", value="=A1") for row in (20, 21, 25)]
    finished.rows.add_findings(found)

    told = [(one.first.text, one.count, one.rows) for one in finished.report.remark_groups()]

    assert [(one.first.text, one.count, one.rows) for one in group_findings(finished.report.remarks())] == told


def test_the_summary_in_one_sentence(finished, pipe):
    Terminal(ENGLISH, stream=pipe).show_summary(build_summary(finished, exit_code=1), report="edits.xlsx")

    assert pipe.getvalue() == '3 updated, 2 unchanged, 1 invalid, 1 failed. See "Import status" in edits.xlsx\n'


def test_the_summary_of_a_dry_run(planned, pipe):
    planned.note(dry_run=True)
    planned.rows.close_undecided(Status.WOULD_UPDATE)
    planned.rows.settle_twins()
    terminal = Terminal(ENGLISH, stream=pipe)

    terminal.show_summary(build_summary(planned, exit_code=1))

    assert pipe.getvalue() == ("7 rows: 4 would update, 2 unchanged, 1 invalid (8 cells to change, 1 to clear)\n")


def test_the_summary_of_nothing(pipe):
    Terminal(PORTUGUESE, stream=pipe).show_summary(failure_summary(DailyLimit(message("x"))))

    assert pipe.getvalue() == "Nenhuma linha\n"


def test_an_error_and_the_command_that_goes_on(pipe):
    terminal = Terminal(ENGLISH, stream=pipe)

    terminal.show_error(DailyLimit(message("The day's calls are used up, says \x1b[2J{who}.", who="the\nportal")))
    terminal.show_next("import-tickets resume 20261123-141503-7f3a")

    assert pipe.getvalue() == (
        "The day's calls are used up, says \\x1b[2Jthe\nportal.\nNext: import-tickets resume 20261123-141503-7f3a\n"
    )


def test_a_command_is_never_folded(screen):
    """It can be copied from a narrow terminal."""
    Terminal(ENGLISH, stream=screen, width=40).show_next("import-tickets resume 20261123-141503-7f3a")

    assert strip_colours(screen.getvalue()) == "Next: import-tickets resume 20261123-141503-7f3a\n"


def test_headers_at_fault_are_listed(pipe):
    found = [Finding("unknown_property", message("no property of that name"), 1, 3, "  Prio ")]

    Terminal(ENGLISH, stream=pipe).show_error(ColumnsError(found))

    assert pipe.getvalue() == "  Prio  no property of that name  D1  unknown_property\n"


def test_quiet(pipe):
    """Quiet leaves out what is said by the way, and nothing else."""
    terminal = Terminal(ENGLISH, stream=pipe, quiet=True)

    terminal.say(message("by the way"))
    with terminal.progress(message("Updating"), total=10) as progress:
        progress.update(10)
    terminal.show_fact(message("careful"))

    assert pipe.getvalue() == "careful\n"


def test_tables_of_facts_checks_and_runs(pipe):
    terminal = Terminal(ENGLISH, stream=pipe)

    terminal.show_table([message("before"), message("after")], [("a[b]", "x" * 300), ("b", "")])
    terminal.show_facts([(message("before"), "1"), (message("after"), "2")])
    terminal.show_checks(
        [
            (True, message("the token is known"), None),
            (None, message("few calls are left"), message("wait")),
            (False, message("no scope"), message("add it")),
        ]
    )

    assert pipe.getvalue().splitlines() == [
        "  before  after",
        "  a[b]    " + "x" * 300,
        "  b",
        "  before  1",
        "  after   2",
        "  ok  the token is known",
        "  !   few calls are left",
        "      wait",
        "  no  no scope",
        "      add it",
    ]


def test_an_encoding_without_arrows(pipe):
    pipe.encoding = "cp1252"

    Terminal(ENGLISH, stream=pipe).show_plan(PLAN)

    assert "Low -> High" in pipe.getvalue()
    assert "→" not in pipe.getvalue()


def test_a_message_needs_no_rich():
    """The commonest lines, errors and notices, come without the price of drawing tables."""
    code = (
        "import sys\n"
        "from importer.i18n import translations\n"
        "from importer.reports.terminal import Terminal\n"
        "from schemas.message import message\n"
        "Terminal(translations('en')).say(message('hello'))\n"
        "sys.exit([name for name in ('rich', 'pandas', 'jinja2', 'babel', 'httpx') if name in sys.modules] or None)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "hello\n")
