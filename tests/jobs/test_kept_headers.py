"""What a person said of headers, kept in the settings file beside the spreadsheet."""

import tomllib

import pytest

from importer.jobs.kept_headers import offer_to_keep
from importer.jobs.options import Silent

HEADERS = {"Ticket nam": "subject", 'A "quoted"': "content"}


class Yes(Silent):
    """Says yes to everything, and notes what was asked."""

    def __init__(self):
        self.asked = []

    def ask(self, question):
        self.asked.append(str(question))
        return True


@pytest.mark.parametrize(
    "old",
    [
        None,
        "",
        "[options]\nlocale = 'pt-BR'",
        "[columns]\nskip = ['x']\n",
        "[columns.map]\r\nWhen = 'closed_date'\r\n[options]\r\nblank = 'keep'\r\n",
        "\ufeff# note\n[columns.map]  # ours\n",
    ],
)
def test_what_the_file_holds_stays(tmp_path, old):
    path = tmp_path / "import-tickets.toml"
    if old is not None:
        path.write_bytes(old.encode())
    before = tomllib.loads((old or "").removeprefix("\ufeff"))

    offer_to_keep(HEADERS, tmp_path / "edits.csv", Yes())

    new = path.read_bytes().decode()
    after = tomllib.loads(new.removeprefix("\ufeff"))
    known = before.get("columns", {}).get("map", {})
    assert after == {**before, "columns": {**before.get("columns", {}), "map": {**known, **HEADERS}}}
    assert all(line in new.splitlines() for line in (old or "").splitlines())


@pytest.mark.parametrize(
    "old", ["[columns]\nmap = { A = 'b' }\n", "no TOML", "[columns.map]\n'Ticket nam' = 'content'\n"]
)
def test_a_file_that_cannot_be_added_to_is_left_alone_and_nobody_is_asked(tmp_path, old):
    path = tmp_path / "import-tickets.toml"
    path.write_text(old)
    person = Yes()

    offer_to_keep(HEADERS, tmp_path / "edits.csv", person)

    assert (path.read_text(), person.asked) == (old, [])


def test_without_a_yes_no_file_is_made(tmp_path):
    offer_to_keep(HEADERS, tmp_path / "edits.csv", Silent())

    assert list(tmp_path.iterdir()) == []
