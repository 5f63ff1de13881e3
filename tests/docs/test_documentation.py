"""The documentation cannot drift: the reference is what the code makes, names and links lead somewhere."""

import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

from importer.cli.parser import Option
from importer.cli.standard_streams import UNWRITTEN
from importer.findings import CODES
from tools import make_reference
from tools.guide_pages import DOCS, ROOT

PAGES = sorted(DOCS.rglob("*.md"))
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
OURS = re.compile(r"`((?:importer|schemas)(?:\.\w+)+)`")
PATHS = re.compile(r"`((?:importer|schemas|tests|fixtures|docs)/[\w./-]*)`")


def test_reference_is_what_the_code_makes():
    """`make docs` renews it."""
    for name, text in make_reference.pages().items():
        assert (make_reference.REFERENCE / name).read_text("utf-8") == text, name


def test_every_code_has_its_place():
    text = (DOCS / "reference" / "codes.md").read_text("utf-8")

    assert re.findall(r"^### (\w+)$", text, re.MULTILINE) == list(CODES)
    assert make_reference.SECTIONS.keys() <= CODES.keys()


def test_every_option_has_its_line():
    text = (DOCS / "reference" / "commands.md").read_text("utf-8")
    options = {name for _, parser in make_reference.parsers() for one in parser.told for name in one.long_names}

    assert not {name for name in options - {"help"} if f"`--{name}" not in text}


def test_an_option_without_a_word_about_its_default_is_refused():
    with pytest.raises(ValueError, match="--colour"):
        make_reference.default_of(Option(("--colour",), "of what", value="NAME", values=1))


def test_every_variable_that_the_source_reads_is_described():
    assert make_reference.read_variables() | {"NO_COLOR"} == make_reference.VARIABLES.keys()


def test_exit_codes_are_those_of_the_summary():
    schema = json.loads((ROOT / "importer" / "reports" / "summary.schema.json").read_text("utf-8"))

    # The summary cannot hold the code that says it could not be written.
    assert [one for one in make_reference.EXIT_CODES if one != UNWRITTEN] == schema["properties"]["exit_code"]["enum"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_links_and_pictures_lead_somewhere(path):
    for target in LINK.findall(path.read_text("utf-8")):
        if target.startswith(("http://", "https://", "#")):
            continue
        file, _, anchor = target.partition("#")
        found = (path.parent / file).resolve()
        assert found.exists(), target
        if anchor:
            assert anchor in _anchors(found), target


def _anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_names_of_the_source_exist(path):
    text = path.read_text("utf-8")

    for name in OURS.findall(text):
        pkgutil.resolve_name(name)
    for name in PATHS.findall(text):
        assert (ROOT / name).exists(), name


def test_the_row_of_the_walk(program, tmp_path):
    """Row 11 of the sample is what the page on the architecture says of it."""
    import shutil

    from importer.journal import Journal

    shutil.copy(DOCS / "samples" / "edits.xlsx", tmp_path)
    ended = program(tmp_path / "edits.xlsx", "--sandbox", "--dry-run", "--json")

    with Journal.open(tmp_path / "state" / "runs" / f"{ended.summary['run_id']}.sqlite3") as journal:
        change = next(one for one in journal.report.changes() if one.row == 11)
    assert (change.key, change.trace_id) == ("25012345043", "row-11")
    assert change.after == {"hs_ticket_priority": "URGENT", "due_on": "2026-12-10", "region": "south"}
    assert change.before == {"hs_ticket_priority": "HIGH", "due_on": "2026-03-13", "region": "midwest"}


def test_pictures_are_small_described_and_used():
    text = "\n".join(path.read_text("utf-8") for path in (*PAGES, ROOT / "README.md"))

    for picture in (DOCS / "images").iterdir():
        assert picture.stat().st_size < 120_000, picture.name
        assert re.search(rf"!\[[^\]]{{20,}}\]\([^)]*images/{re.escape(picture.name)}\)", text), picture.name


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_pages_hold_no_traces_of_a_machine(path):
    """Paths of the machine on which outputs were made, and tokens, are none of the reader's business."""
    text = path.read_text("utf-8")

    assert not re.search(r"/(?:work|tmp|root|Users)/|pat-[a-z]{2}\d-\w{8}", text)
    assert "\t" not in text


def test_site_builds_strictly(tmp_path):
    """Every page is found, and every link of every page leads to a page or a heading."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "site" / "index.html").is_file()
    assert (tmp_path / "site" / "reference" / "codes.html").is_file()
