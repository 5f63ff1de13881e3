"""Text of the sheet and of the portal is text: on the terminal, on the page, in the spreadsheet."""

import csv
import html.parser
import io
import re
import zipfile
from xml.etree import ElementTree as ET

import openpyxl
import pytest

HOSTILE = {
    "escape": "\x1b[2J\x1b]0;owned\x07red",
    "one-byte escape": "\x9b31mred\x9d0;owned\x9c",
    "bidi": "\u202egnp.exe\u2066x\u2069",
    "carriage return": "first\rsecond\x08\x08x",
    "markup": "[bold red]x[/] [link=file:///etc/passwd]y[/link] [/]",
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&",
    "template": "{{ 7*7 }} {% raw %} {0} %s ${x}",
    "formula": '=HYPERLINK("http://evil.example","x")',
    "sum": "@SUM(1+1)*cmd|' /C calc'!A0",
}
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


ODD = {"name": "odd", "type": "enumeration", "fieldType": "select", "groupName": "ticketinformation"}
OWNER = {"id": "77", "email": "x@example.com", "type": "PERSON"}


def write_csv(path, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def hostile_edits(folder, text):
    """Write a text file with a text in values, in an option, and as a key."""
    header, good = ["Record ID", "subject", "Priority"], ["25012345001", f"{text} new", "HIGH"]
    return write_csv(folder / "edits.csv", [header, good, ["25012345009", text, text], [text, "x", ""]])


@pytest.fixture
def hostile_portal(portal):
    """Return a function that puts a text wherever the portal has texts of its own."""

    def fill(text):
        options = [{"label": text, "value": "a", "hidden": False}, {"label": f"{text}b", "value": "b", "hidden": False}]
        portal.define("properties", ODD | {"label": f"Odd {text}", "description": text, "options": options})
        portal.define("owners", OWNER | {"firstName": text, "lastName": text})
        portal.change("25012345001", {"subject": text})
        portal.fault("whole_batch", message=f"No: {text}", path="batch/update", times=None)
        return portal

    return fill


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_the_terminal_shows_text_and_obeys_none_of_it(text, hostile_portal, quick, program, tmp_path, capsys):
    """Sheet, file name, portal's labels, values and messages; standard output and standard error."""
    portal = hostile_portal(text)
    name = re.sub(r'[\x00-\x1f/\\:*?"<>|]', "_", text)[:40]
    edits = write_csv(tmp_path / f"{name}.csv", [
        ["Record ID", "subject", "odd", "Priority", "Ticket owner"],
        ["25012345001", f"{text} new", "a", "HIGH", "77"],
        ["25012345009", text, text[:-1] + "?", text, text],
        [text, "x", "", "", ""],
    ])  # fmt: skip
    odd_header = write_csv(tmp_path / "header.csv", [["Record ID", text, "subject"], ["25012345001", "x", text]])

    ends = [
        program(edits, "--yes", "--on-invalid", "skip", "--verbose", portal=portal),
        program(edits, "--dry-run", "--json", portal=portal),
        program(odd_header, "--dry-run", portal=portal),
        program(odd_header, "--dry-run", "--skip-unknown", "--json", portal=portal),
        program("reconcile", edits, portal=portal),
        program("schema", "show", portal=portal),
        program("schema", "show", "odd", portal=portal),
        program("schema", "show", "odd", "--json", portal=portal),
        program("runs", portal=portal),
        program("runs", "show", "x\x1b[31m", portal=portal),
        program("template", tmp_path / "t.xlsx", "--owner", text, portal=portal),
    ]

    for end in ends:
        assert FORBIDDEN.findall(end.out) == []
        assert FORBIDDEN.findall(end.err) == []


class Page(html.parser.HTMLParser):
    """Collects the elements of a page and where its links lead."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses, self.handlers = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("href", "src", "action", "formaction")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_the_page_holds_text_and_no_markup_of_others(text, hostile_portal, quick, program, tmp_path):
    """The same elements whatever the texts are, no handlers, and no links but to tickets."""
    portal = hostile_portal("plain")
    plain, odd = tmp_path / "plain.html", tmp_path / "odd.html"
    program(hostile_edits(tmp_path, "plain"), "--yes", "--on-invalid=skip", "--html", plain, portal=portal)
    portal.reset()
    hostile_portal(text)

    program(hostile_edits(tmp_path, text), "--yes", "--on-invalid=skip", "--html", odd, portal=portal)

    before, after = Page(plain.read_text("utf-8")), Page(odd.read_text("utf-8"))
    assert set(after.tags) <= set(before.tags)
    assert after.tags.count("script") == before.tags.count("script")
    assert after.handlers == []
    assert all(re.match(r"https://app\.hubspot\.com/|#|data:,$", one or "") for one in after.addresses), after.addresses
    assert "alert(1)" not in odd.read_text("utf-8") or "<script>alert" not in odd.read_text("utf-8")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_workbook_gets_text_and_no_formula(text, hostile_portal, quick, program, tmp_path):
    """What we write is inline text: no formula, no markup, no link but to tickets."""
    portal = hostile_portal(text)
    edits = tmp_path / "edits.xlsx"
    book = openpyxl.Workbook()
    clean = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text)
    for row in (
        ["Record ID", "subject", "Priority"],
        ["25012345001", f"{clean} new", "HIGH"],
        ["25012345009", clean, clean],
    ):
        book.active.append(row)
    for cells in book.active.iter_rows():
        for cell in cells:
            cell.data_type = "s"
    book.save(edits)

    program(edits, "--yes", "--on-invalid=skip", portal=portal)

    with zipfile.ZipFile(edits) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            ET.fromstring(content)
            assert not re.search(rb"<(\w+:)?f[ >/]", content), name
            if name.endswith(".rels"):
                targets = [one.get("Target") for one in ET.fromstring(content) if one.get("TargetMode") == "External"]
                assert all(target.startswith("https://app.hubspot.com/") for target in targets)
    annotated = openpyxl.load_workbook(edits)
    assert "Import report" in annotated.sheetnames
    assert {cell.data_type for sheet in annotated for row in sheet.iter_rows() for cell in row} <= {
        "s",
        "n",
        "inlineStr",
    }


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_text_file_gets_cells_that_no_spreadsheet_runs(text, hostile_portal, quick, program, tmp_path):
    """Our two cells begin with no sign that starts a formula; the others keep their bytes."""
    portal = hostile_portal(text)
    edits = hostile_edits(tmp_path, text)
    before = edits.read_bytes()

    program(edits, "--yes", "--on-invalid=skip", portal=portal)

    rows = list(csv.reader(io.StringIO(edits.read_bytes().decode(), newline="")))
    assert rows[0][-2:] == ["Import status", "Import message"]
    assert all(not re.match(r"[=+\-@\t\r]", cell) for row in rows for cell in row[-2:])
    assert [row[:-2] for row in rows] == list(csv.reader(io.StringIO(before.decode(), newline="")))
