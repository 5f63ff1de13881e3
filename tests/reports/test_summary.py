"""The summary is the contract's object, whatever came of the run."""

import json

import pytest
from jsonschema import Draft202012Validator

from importer.errors import ColumnsError, FileError, Interrupted, Unauthorized
from importer.findings import CODES, Finding
from importer.model import CheckedRow, Difference, Outcome, Status
from importer.reports.summary import build_summary, failure_summary, summary_json, summary_schema
from schemas.message import message


def check(summary):
    """The summary survives JSON and fits its schema."""
    assert json.loads(summary_json(summary)) == summary
    Draft202012Validator.check_schema(summary_schema())
    errors = summary_schema()["properties"]["errors"]["items"]["properties"]
    assert set(errors["code"]["enum"]) == CODES.keys()
    Draft202012Validator(summary_schema()).validate(summary)
    return summary


def test_a_finished_run(finished):
    """Every key of the contract is there, and counts what the journal holds."""
    summary = check(build_summary(finished, exit_code=1, report="/data/edits.xlsx"))

    assert {name: value for name, value in summary.items() if name != "errors"} == {
        "run_id": "20261123-141503-7f3a",
        "file": "/data/edits.xlsx",
        "sheet": "Q3",
        "dry_run": False,
        "settings": None,
        "key": {"column": "Ticket ID", "property": "id"},
        "rows": {
            "total": 7,
            "updated": 3,
            "unchanged": 2,
            "invalid": 1,
            "failed": 1,
            "not_sent": 0,
            "would_update": 0,
        },
        "cells": {"changed": 6, "cleared": 0},
        "requests": {"read": 1, "update": 1, "retried": 0, "rate_limited": 0},
        "batches": [],
        "report": "/data/edits.xlsx",
        "started_at": "2026-11-23T14:15:03.120Z",
        "finished_at": "2026-11-23T14:15:09.000Z",
        "exit_code": 1,
    }
    assert [error["code"] for error in summary["errors"]] == ["rejected", "invalid_option"]
    assert summary["errors"][1] == {
        "row": 8,
        "cell": "C8",
        "column": "Priority",
        "property": "hs_ticket_priority",
        "key": "508",
        "value": "Urgentt",
        "code": "invalid_option",
        "message": '"Urgentt" isn\'t an option; did you mean "HIGH"?',
    }


def test_a_dry_run_counts_what_would_be(new_journal, planned):
    planned.note(dry_run=True)
    planned.rows.close_undecided(Status.WOULD_UPDATE)
    planned.rows.settle_twins()

    summary = check(build_summary(planned, exit_code=1, finished_at="2026-11-23T14:15:09Z", requests={"read": 1}))

    assert summary["rows"]["would_update"] == 4
    assert summary["rows"]["updated"] == 0
    assert summary["cells"] == {"changed": 8, "cleared": 1}
    assert summary["requests"] == {"read": 1, "update": 0, "retried": 0, "rate_limited": 0}
    assert summary["report"] is None


def test_rows_without_an_outcome_count_as_not_sent(planned):
    """A run that was killed: the summary never says more than is known."""
    summary = check(build_summary(planned, exit_code=130, stop=Interrupted()))

    assert summary["rows"]["not_sent"] == 5
    assert sum(count for name, count in summary["rows"].items() if name != "total") == summary["rows"]["total"]
    assert [error["code"] for error in summary["errors"]] == ["invalid_option"]


def test_a_reconciliation_has_two_more_counts(new_journal):
    journal = new_journal(kind="reconcile")
    journal.rows.add([CheckedRow(2, "1", {"a": "b"}), CheckedRow(3, "2", {"a": "b"})], fold_keys=False)
    journal.rows.decide([Outcome(2, Status.MATCHES), Outcome(3, Status.DIFFERS)])

    rows = check(build_summary(journal, exit_code=1))["rows"]

    assert (rows["total"], rows["matches"], rows["differs"]) == (2, 1, 1)


def test_a_reconciliation_lists_the_cells_that_differ(new_journal):
    """Apart from the errors, whose codes are those of the contract."""
    journal = new_journal(kind="reconcile")
    journal.rows.add([CheckedRow(2, "1", {"subject": "b"})], fold_keys=False)
    journal.rows.decide([Outcome(2, Status.DIFFERS)])
    journal.report.add_differences(
        [
            Difference(
                row=2,
                position=1,
                header="Ticket name",
                property_name="subject",
                key="1",
                sheet="b",
                portal="a",
                reason="changed_since",
                changed_at="2026-11-23T14:15:03Z",
                changed_by="Ana Souza",
                run="20261120-090000-0000",
                text=message("told"),
            )
        ]
    )

    summary = check(build_summary(journal, exit_code=1))

    assert summary["errors"] == []
    assert summary["differences"] == [
        {
            "row": 2,
            "cell": "B2",
            "column": "Ticket name",
            "property": "subject",
            "key": "1",
            "sheet": "b",
            "portal": "a",
            "changed_at": "2026-11-23T14:15:03Z",
            "changed_by": "Ana Souza",
            "run": "20261120-090000-0000",
            "reason": "changed_since",
        }
    ]
    assert "differences" not in build_summary(new_journal(), exit_code=0)


def test_what_stopped_the_run_comes_first(planned):
    stop = Unauthorized(message("The portal does not know this token."))

    errors = check(build_summary(planned, exit_code=3, stop=stop))["errors"]

    assert errors[0] == {
        "row": None,
        "cell": None,
        "column": None,
        "property": None,
        "key": None,
        "value": None,
        "code": "unauthorized",
        "message": "The portal does not know this token.",
    }


@pytest.mark.parametrize(
    ("error", "codes", "exit_code"),
    [
        pytest.param(FileError(message("no file"), code="empty_file"), ["empty_file"], 2, id="file"),
        pytest.param(Unauthorized(message("no")), ["unauthorized"], 3, id="portal"),
        pytest.param(Interrupted(), [], 130, id="interrupted"),
        pytest.param(
            ColumnsError(
                [
                    Finding("unknown_property", message("a"), row=1, position=3, header="Prio"),
                    Finding("empty_header", message("b"), row=1, position=4),
                ]
            ),
            ["unknown_property", "empty_header"],
            2,
            id="columns",
        ),
    ],
)
def test_a_run_that_ended_before_its_journal(error, codes, exit_code):
    """The same object, with nothing in it but why."""
    summary = check(failure_summary(error, file="edits.xlsx", started_at="2026-11-23T14:15:03Z"))

    assert [one["code"] for one in summary["errors"]] == codes
    assert summary["exit_code"] == exit_code
    assert summary["run_id"] is None
    assert summary["file"] == "edits.xlsx"
    assert set(summary["rows"].values()) == {0}
    assert summary["key"] == {"column": None, "property": None}


def test_an_error_the_journal_has_is_not_told_twice(planned):
    finding = next(iter(planned.report.findings()))

    errors = build_summary(planned, exit_code=2, stop=ColumnsError([finding]))["errors"]

    assert len(errors) == 1


def test_the_schema_refuses_another_object(finished):
    """The schema is strict, so that a key cannot be renamed unnoticed."""
    summary = build_summary(finished, exit_code=1)
    renamed = summary | {"errors": [{**summary["errors"][0], "code": "no_such_code"}]}

    assert not Draft202012Validator(summary_schema()).is_valid(renamed)
    assert not Draft202012Validator(summary_schema()).is_valid(summary | {"more": 1})
    assert not Draft202012Validator(summary_schema()).is_valid({k: v for k, v in summary.items() if k != "cells"})
