"""The HTML page: what it says, that it needs nothing else, that text stays text."""

import base64
import hashlib
import json
import os
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import FileError
from importer.findings import Finding
from importer.i18n import translations
from importer.journal.run_record import RecordedColumn, RecordedPortal
from importer.model import Change, CheckedRow, Outcome, Status
from importer.reports import page_rows
from importer.reports.html import embed_json, render_html, write_html
from schemas.message import message

ENGLISH, PORTUGUESE = translations("en"), translations("pt-BR")
EVIL = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> \x1b[31m\u202e"


class Reader(HTMLParser):
    """Reads a page as a browser would: elements with their attributes, the text of scripts, the visible text."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.inside = []
        self.scripts = []
        self.visible = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self.inside.append(tag)
            self.scripts.append("")

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data):
        if self.inside:
            self.scripts[-1] += data
        else:
            self.visible.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.visible))

    @property
    def data(self):
        return json.loads(self.scripts[1])


def test_what_the_page_says(finished, schema):
    """One sentence, the outcomes, the columns, the rows with labels and ticket links."""
    page = Reader(render_html(finished, ENGLISH, schema=schema))

    assert "3 tickets were updated from edits.xlsx; 2 unchanged, 1 invalid, 1 failed." in page.text
    assert "3 updated the portal confirmed it" in page.text
    assert "import-tickets undo 20261123-141503-7f3a" in page.text
    assert re.search(r"Priority 3 0", page.text)
    assert page.data["link"] == "https://app.hubspot.com/contacts/1234567/record/0-5/"
    headers = page.data["headers"]
    changes = [[row, headers[header], *rest] for row, header, *rest in page.data["changes"]]
    assert [2, "Ticket owner", "502", "502", "Ana Souza", "Bruno Lima", "updated"] in changes
    assert [3, "Ticket name", "503", "503", "Old", "", "failed"] in changes
    assert [4, "Ticket status", "504", "504", "New (Support)", "Closed (Support)", "updated"] in changes
    problems = [[row, where, headers[header], *rest] for row, where, header, *rest in page.data["problems"]]
    assert problems == [
        [3, "row 3", "", "503", "503", "", "rejected", "the portal refused the row: Owner\\x1b[31m is <b>gone</b>"],
        [
            8,
            "C8",
            "Priority",
            "508",
            "508",
            "Urgentt",
            "invalid_option",
            '"Urgentt" isn\'t an option; did you mean "HIGH"?',
        ],
    ]
    assert page.data["notes"] == [[4, "row 4", "504", "504", "the portal keeps the stage New"]]
    assert "Good to know 1" in page.text


@pytest.mark.parametrize(
    ("meta", "statuses", "sentence"),
    [
        pytest.param(
            {"dry_run": True},
            [Status.WOULD_UPDATE, Status.UNCHANGED],
            "1 ticket would be updated from edits.xlsx; 1 unchanged.",
            id="dry-run",
        ),
        pytest.param(
            {"kind": "reconcile"},
            [Status.MATCHES, Status.DIFFERS, Status.MATCHES],
            "2 rows of edits.xlsx match the portal; 1 differs.",
            id="reconcile",
        ),
        pytest.param(
            {"kind": "undo", "parent": "20261122-1"},
            [Status.UPDATED],
            "1 ticket was put back as it was before run 20261122-1.",
            id="undo",
        ),
        pytest.param(
            {"kind": "undo", "parent": "20261122-1", "dry_run": True},
            [Status.WOULD_UPDATE],
            "1 ticket would be put back as it was before run 20261122-1.",
            id="undo-dry-run",
        ),
        pytest.param({}, [None], "0 tickets were updated from edits.xlsx; 1 not sent.", id="nothing"),
    ],
)
def test_the_sentence_on_top(new_journal, meta, statuses, sentence):
    journal = new_journal(**meta)
    journal.rows.add([CheckedRow(row, "1", {}) for row in range(2, 2 + len(statuses))], fold_keys=False)
    journal.rows.decide(Outcome(row, status) for row, status in enumerate(statuses, start=2) if status)

    assert sentence in Reader(render_html(journal, ENGLISH)).text


def test_a_run_that_stopped_says_why_and_how_to_go_on(planned):
    planned.note(state="stopped", stop=message("The day's calls are used up."))

    page = Reader(render_html(planned, ENGLISH))

    assert "The day's calls are used up." in page.text
    assert "import-tickets resume 20261123-141503-7f3a" in page.text


def test_a_run_that_did_not_read_before_says_so(new_journal):
    """--no-diff: values before are not known, and nothing can be undone."""
    journal = new_journal(diff=False)
    journal.rows.add([CheckedRow(2, "502", {"subject": "b"})], fold_keys=False)
    journal.plan.add([Change(2, "502", None, {}, {"subject": "b"})])
    journal.rows.decide([Outcome(2, Status.UPDATED)])

    page = Reader(render_html(journal, ENGLISH))

    assert page.data["changes"] == [[2, 0, "502", "502", None, "b", "updated"]]
    assert "cannot be undone" in page.text
    assert "import-tickets undo" not in page.text


def test_a_whole_page_in_portuguese(finished, schema):
    """No English sentence is left; statuses and codes stay."""
    page = Reader(render_html(finished, PORTUGUESE, schema=schema))

    assert dict(page.elements[0][1]) == {"lang": "pt-BR"}
    assert "3 tickets foram atualizados a partir de edits.xlsx; 2 sem mudança, 1 com erro, 1 com falha." in page.text
    assert page.data["words"]["empty"] == "(vazio)"
    assert not set(page.text.lower().split()) & {"the", "what", "rows", "changes", "search", "run"}


def test_the_page_needs_nothing_else(finished, schema):
    """No address is asked for anything; the one script and the one style are those the policy names."""
    text = render_html(finished, ENGLISH, schema=schema)
    page = Reader(text)

    policy = next(one["content"] for tag, one in page.elements if one.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; ")
    style, _, script = page.scripts
    for rule, content in (("style-src", style), ("script-src", script)):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{rule} 'sha256-{digest}'" in policy
    for tag, attributes in page.elements:
        assert tag not in {"link", "img", "iframe", "object", "base"}
        assert not {"src", "style", "srcset"} & attributes.keys()
        assert not [name for name in attributes if name.startswith("on")]
    assert [one for one in page.elements if one[0] == "script"] == [
        ("script", {"type": "application/json", "id": "data"}),
        ("script", {}),
    ]


def test_text_of_the_sheet_and_the_portal_stays_text(new_journal):
    """File, sheet, header, key, value, message: nothing of them becomes markup."""
    journal = new_journal(
        file=f"/data/{EVIL.replace('/', '')}.xlsx",
        sheet=EVIL,
        columns=(RecordedColumn(1, EVIL, "subject"),),
        portal=RecordedPortal(portal_id=EVIL, ui_domain=EVIL),
        stop=message("{why}", why=EVIL),
    )
    journal.rows.add([CheckedRow(2, EVIL, {"subject": EVIL})], fold_keys=True)
    journal.plan.add([Change(2, EVIL, EVIL, {"subject": "a"}, {"subject": EVIL})])
    journal.rows.decide([Outcome(2, Status.UPDATED, notices=(message("{text}", text=EVIL),))])
    journal.rows.add_findings([Finding("rejected", message("{text}", text=EVIL), 2, 1, EVIL, "subject", EVIL, EVIL)])

    text = render_html(journal, ENGLISH)
    page = Reader(text)

    assert len(page.scripts) == 3
    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert page.data["link"] is None
    assert page.data["changes"][0][5].startswith("</script><script>alert(1)</script>")
    assert page.data["changes"][0][3] is None


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10))
def test_embedded_json_cannot_end_its_element(value):
    """Whatever it holds, a browser finds the same value in one script element."""
    page = Reader(f'<script type="application/json">{embed_json(value)}</script><p>after</p>')

    assert json.loads(page.scripts[0]) == value
    assert [tag for tag, _ in page.elements] == ["script", "p"]


def test_equal_findings_are_told_once_and_frequent_changes_counted(new_journal, schema):
    """The cells of a mistake stand in one line; a ticket has its name where the sheet says it; flows are by label."""
    journal = new_journal(columns=(RecordedColumn(1, "Priority", "hs_ticket_priority"),))
    rows = range(2, 14)
    journal.rows.add([CheckedRow(row, str(row), {"subject": f"<b>{row}</b>"}) for row in rows], fold_keys=True)
    before, after = {"hs_ticket_priority": "LOW"}, {"hs_ticket_priority": "HIGH"}
    journal.plan.add([Change(row, str(row), str(row), before, after) for row in (2, 3, 4)])
    journal.rows.decide([Outcome(row, Status.UPDATED) for row in (2, 3, 4)])
    words = message('"{value}" is not an option', value="Urgentt")
    journal.rows.add_findings(
        Finding("invalid_option", words, row, 1, "Priority", "hs_ticket_priority", str(row), "Urgentt") for row in rows
    )

    page = Reader(render_html(journal, ENGLISH, schema=schema))

    assert [one[1] for one in page.data["problems"]] == ["B2, B3, B4, B5, B6, B7, B8, B9 and 4 more"]
    assert page.data["names"]["4"] == "<b>4</b>"
    assert "Low → High 3" in page.text


def test_equal_notices_are_told_once_and_apart_from_what_is_wrong(new_journal, schema):
    journal = new_journal()
    rows = range(2, 14)
    journal.rows.add([CheckedRow(row, str(row), {"subject": f"T{row}"}) for row in rows], fold_keys=True)
    cut = message("cut")
    journal.rows.decide([Outcome(row, Status.UNCHANGED, notices=(cut,)) for row in rows])

    page = Reader(render_html(journal, ENGLISH, schema=schema))

    places = ", ".join(f"row {row}" for row in range(2, 10))
    assert page.data["notes"] == [[2, f"{places} and 4 more", "", None, "cut"]]
    assert page.data["problems"] == []


def test_only_so_many_lines_travel(finished, monkeypatch):
    """Of very long tables the page has the first lines, and says so."""
    monkeypatch.setattr(page_rows, "MAX_ROWS", 1)

    page = Reader(render_html(finished, ENGLISH))

    assert len(page.data["changes"]) == len(page.data["problems"]) == 1
    assert "The first 1 of 9 lines; `import-tickets runs show" in page.text
    assert "The first 1 lines; there are more." in page.text


def test_the_file_is_replaced_whole(finished, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")

    write_html(finished, path, ENGLISH)

    assert path.read_text("utf-8") == render_html(finished, ENGLISH)
    assert [one.name for one in tmp_path.glob("*report*")] == ["report.html"]


def test_a_folder_that_is_not_there(finished, tmp_path):
    with pytest.raises(FileError, match=r"The page .*gone.* cannot be written"):
        write_html(finished, tmp_path / "gone" / "report.html", ENGLISH)


def test_a_failed_replacement_leaves_the_old_file_and_no_scrap(finished, tmp_path):
    """The path is a folder: the rename fails after the successor was written."""
    path = tmp_path / "report.html"
    path.mkdir()

    with pytest.raises(FileError, match="cannot be written"):
        write_html(finished, path, ENGLISH)

    assert [one.name for one in tmp_path.iterdir() if "html" in one.name] == ["report.html"]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_nobody_may_read_the_page_whose_spreadsheet_is_gone(finished, tmp_path):
    """Who could read the spreadsheet is not known then."""
    write_html(finished, tmp_path / "report.html", ENGLISH)

    assert (tmp_path / "report.html").stat().st_mode & 0o777 == 0o600
