"""The main scenario under each value of each of the sandbox's switches, and in each version of the API.

A switch stands for a fact about HubSpot that rests on one source, was carried over from another kind of record, or
differs from portal to portal. Whatever the truth is, run, resume, reconcile, undo and template must hold.
"""

import csv
from dataclasses import fields
from typing import Literal, get_args, get_origin, get_type_hints

import openpyxl
import pytest

from importer.sandbox.app import DATED_VERSIONS
from importer.sandbox.options import Switches
from tests.laws import IS_NIGHTLY

HEADER = ["Record ID", "subject", "Priority", "due_on", "property_number", "hs_ticket_category", "content"]
NUMBERS = {int: (0, 30)}
OWN = {"hs_lastmodifieddate", "hs_object_source", "hs_object_source_id", "hs_object_source_label"}


def values_of_switches():
    """Return what each switch can be set to, its default first."""
    found = {}
    for name, kind in get_type_hints(Switches).items():
        if isinstance(getattr(Switches, name, None), property):
            continue
        values = get_args(kind) if get_origin(kind) is Literal else NUMBERS.get(kind, (False, True))
        default = next(one.default for one in fields(Switches) if one.name == name)
        found[name] = [default, *(value for value in values if value != default)]
    return found


SWITCHES = values_of_switches()
MOST = max(map(len, SWITCHES.values()))


def diagonal(number):
    """Return a value for each switch, so that `MOST` such choices hold every value of every switch."""
    return {name: values[number % len(values)] for name, values in SWITCHES.items()}


def alone():
    """Return each value of each switch that is not its default, by itself."""
    return [{name: value} for name, values in SWITCHES.items() for value in values[1:]]


@pytest.fixture
def scenario(sandbox, program, tmp_path, monkeypatch):
    """Return a function that runs, resumes, reconciles, takes back and makes a template, and looks at the portal."""

    def run_all(switches, version="v3"):
        monkeypatch.setenv("HUBSPOT_API_VERSION", version)
        live = [one for one in sandbox.tickets().values() if not one["archived"] and not one["merged_into"]]
        live = [one["id"] for one in live if one["properties"].get("hs_pipeline") == "0"][:12]
        good, archived, merged, other = live[:8], live[8], live[9], live[10]
        sandbox.archive(archived)
        sandbox.merge(other, merged)
        sandbox.switch(**switches)
        before = {key: sandbox.ticket(key)["properties"] for key in good}
        edits = tmp_path / "edits.csv"
        write(edits, [*good, archived, merged, "99999999999"])

        sandbox.fault("status", path="batch/update", status=429, policy="DAILY")
        stopped = program(edits, "--yes", "--on-invalid", "skip", "--json", portal=sandbox)
        assert (stopped.code, stopped.summary["rows"]["not_sent"]) == (3, 8), stopped.err
        assert stopped.summary["rows"]["invalid"] == 3
        assert {code for row, code in stopped.codes if row} <= {"archived", "merged", "not_found"}
        assert (10, "archived") in stopped.codes

        resumed = program("resume", "--json", portal=sandbox)
        assert resumed.summary["rows"]["updated"] == 8, resumed.summary["errors"]
        for number, key in enumerate(good):
            held = sandbox.ticket(key)["properties"]
            assert (held["subject"], held["due_on"], held["hs_ticket_priority"]) == (
                f"Subject {number}",
                "2027-01-02",
                "LOW",
            )

        write(edits, good)
        reconciled = program("reconcile", edits, "--json", portal=sandbox)
        assert reconciled.code == 0, reconciled.summary["errors"]
        again = program(edits, "--yes", "--json", portal=sandbox)
        assert (again.code, again.summary["rows"]["unchanged"]) == (0, 8), again.summary

        undone = program("undo", resumed.summary["run_id"], "--yes", "--json", portal=sandbox)
        assert (undone.code, undone.summary["rows"]["updated"]) == (0, 8), undone.summary["errors"]
        after = {key: sandbox.ticket(key)["properties"] for key in good}
        assert [differences(before[key], after[key]) for key in good] == [{}] * 8

        ids = tmp_path / "ids.txt"
        ids.write_text("\n".join(good))
        made = program("template", tmp_path / "some.xlsx", "--id-file", ids, portal=sandbox)
        assert made.code == 0, made.err
        rows = list(openpyxl.load_workbook(tmp_path / "some.xlsx")["Tickets"].iter_rows(values_only=True))
        assert [str(row[0]) for row in rows[1:9]] == good
        found = program("template", tmp_path / "all.xlsx", "--filter", "hs_pipeline=0", "--limit", "5", portal=sandbox)
        assert found.code == 0, found.err

    return run_all


def write(path, keys):
    lines = [
        [key, f"Subject {number}", "LOW", "2027-01-02", "12.5", "PRODUCT_ISSUE", "" if number == 3 else "<p>Text</p>"]
        for number, key in enumerate(keys)
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEADER, *lines])


def differences(before, after):
    names = {*before, *after} - OWN
    pairs = {name: (before.get(name, ""), after.get(name, "")) for name in names}
    return {name: pair for name, pair in pairs.items() if sorted(pair[0].split(";")) != sorted(pair[1].split(";"))}


@pytest.mark.parametrize("version", ["v3", *DATED_VERSIONS])
def test_in_each_version(scenario, version):
    scenario({}, version)


@pytest.mark.parametrize("number", range(1, MOST))
def test_under_each_value_of_each_switch(scenario, number):
    """Every value of every switch comes up, many at a time."""
    scenario(diagonal(number))


@pytest.mark.skipif(not IS_NIGHTLY, reason="a hundred scenarios")
@pytest.mark.parametrize("switches", alone(), ids=str)
def test_under_each_value_alone(scenario, switches):
    scenario(switches)


def test_every_value_comes_up():
    chosen = [diagonal(number) for number in range(MOST)]
    assert {(name, value) for one in chosen for name, value in one.items()} == {
        (name, value) for name, values in SWITCHES.items() for value in values
    }
