"""Files that the program itself keeps, damaged: a saved schema, a journal. They are read or refused in words."""

import json
import shutil
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.sandbox import open_app
from schemas.default_portal import body
from tests.fuzz.effort import CORPUS, effort, kept
from tests.fuzz.mutate import DAMAGE, damage
from tests.fuzz.oracles import SUMMARY, run_program
from tests.fuzz.spoil import VALUES, spoiled

EDITS = (
    "Record ID,subject,Priority,Ticket owner,Create date,Ticket status,Category\n"
    "25012345001,Name,HIGH,ana@example.com,2026-03-04 12:30,New,Billing issue;PRODUCT_ISSUE\n25012345009,,,,,,\n"
)


@pytest.fixture(scope="module")
def saved():
    """Return a small saved schema, as `schema pull` writes it."""
    names = {
        "subject",
        "hs_ticket_priority",
        "hubspot_owner_id",
        "createdate",
        "hs_pipeline_stage",
        "hs_ticket_category",
    }
    bodies = {name: body(name) for name in ("properties", "pipelines", "owners", "validations", "account")}
    bodies["properties"] = {"results": [one for one in bodies["properties"]["results"] if one["name"] in names]}
    rule = {"ruleType": "MAX_LENGTH", "ruleArguments": ["9"], "shouldApplyNormalization": False}
    bodies["validations"] = {"results": [{"propertyName": "subject", "propertyValidationRules": [rule]}]}
    bodies["owners"] = {"results": [{"id": "7", "email": "ana@example.com", "firstName": "Ana", "archived": False}]}
    return json.dumps({"format": "import-tickets schema 1", **bodies})


def check_schema(content: bytes, folder, home):
    edits = folder / "edits.csv"
    edits.write_text(EDITS)
    schema = folder / "schema.json"
    schema.write_bytes(content)

    ended = run_program([str(edits), "--dry-run", "--no-diff", "--json", "--schema", str(schema)], home=home)
    shown = run_program(["schema", "show", "--schema", str(schema)], home=home)

    SUMMARY.validate(ended.summary)
    assert ended.code in {0, 1, 2}
    assert shown.code in {0, 2}


@pytest.mark.parametrize("path", sorted((CORPUS / "schemas").iterdir()), ids=lambda path: path.name)
def test_corpus_of_schemas(path, home, tmp_path):
    check_schema(path.read_bytes(), tmp_path, home)


@effort(0.25)
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 10**6), st.sampled_from(["drop", "double", "replace"]), VALUES), min_size=1, max_size=3
    )
)
def test_an_odd_schema_is_used_or_refused(steps, saved, home, tmp_path):
    value = json.loads(saved)
    for where, how, new in steps:
        value = spoiled(value, where, how, new)
    content = json.dumps(value).encode()

    with kept(content, ".json"):
        check_schema(content, tmp_path, home)


@effort(0.15)
@given(steps=DAMAGE)
def test_a_damaged_schema_is_used_or_refused(steps, saved, home, tmp_path):
    content = damage(saved.encode(), steps)

    with kept(content, ".json"):
        check_schema(content, tmp_path, home)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return (folder, run ID) of a run that is done: its journal is in one file."""
    folder = tmp_path_factory.mktemp("finished")
    open_app(folder / "state")[0].state.portal.store.close()
    edits = folder / "edits.csv"
    edits.write_text("Record ID,subject\n25012345001,New\n25012345009,Other\n")
    run = run_program([str(edits), "--sandbox", "--yes", "--json"], home=folder / "state").summary["run_id"]
    journal = folder / "state" / "runs" / f"{run}.sqlite3"
    connection = sqlite3.connect(journal)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    return folder, run


def check_journal(content: bytes, finished, folder):
    """Look at runs, go on with one, take one back, start another: all of it ends in words."""
    origin, run = finished
    home = folder / "state"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(origin / "state", home)
    (home / "runs" / f"{run}.sqlite3").write_bytes(content)

    for arguments in (
        ["runs"],
        ["runs", "show", run],
        ["resume", run, "--sandbox"],
        ["undo", run, "--dry-run", "--sandbox"],
    ):
        run_program(arguments, home=home)
    assert run_program([str(origin / "edits.csv"), "--dry-run"], home=home).code == 0


@pytest.mark.parametrize("path", sorted((CORPUS / "journals").iterdir()), ids=lambda path: path.stem)
def test_corpus_of_journals(path, finished, tmp_path):
    check_journal(path.read_bytes(), finished, tmp_path)


@effort(0.15)
@given(steps=DAMAGE)
def test_a_damaged_journal_is_refused_in_words(steps, finished, tmp_path):
    """It stands in nobody's way: another run goes ahead."""
    origin, run = finished
    content = damage((origin / "state" / "runs" / f"{run}.sqlite3").read_bytes(), steps)

    with kept(content, ".sqlite3"):
        check_journal(content, finished, tmp_path)
