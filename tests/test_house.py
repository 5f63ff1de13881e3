"""What the house promises of itself: facts that stand at one place."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def sources():
    """Return each module of the product but the sandbox, which keeps its own facts on purpose."""
    paths = [path for package in ("importer", "schemas") for path in (ROOT / package).rglob("*.py")]
    return [path for path in paths if not path.is_relative_to(ROOT / "importer" / "sandbox")]


@pytest.mark.parametrize(
    ("fact", "home"),
    [
        (r'"hs_(?:object_id|ticket_id|lastmodifieddate|pipeline|pipeline_stage)"', "schemas/ticket_object.py"),
        (r'"hubspot_owner_id"|"0-5"|"tickets/|/tickets"', "schemas/ticket_object.py"),
    ],
)
def test_a_fact_stands_in_its_home_alone(fact, home):
    holders = {path for path in sources() if re.search(fact, path.read_text(encoding="utf-8"))}

    assert {path.relative_to(ROOT).as_posix() for path in holders} == {home}


def test_no_file_lies_loose_in_the_hall():
    loose = {path.name for path in (ROOT / "importer").iterdir() if path.is_file()}

    assert loose == {
        "__init__.py",
        "__main__.py",
        "py.typed",
        "model.py",
        "findings.py",
        "errors.py",
        "labels.py",
        "files.py",
        "i18n.py",
    }
