"""What a run that came to its end leaves to `resume`: rows the portal was not available for, reports not written."""

import csv

import pytest


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Waits between repeats are not what is looked at here."""
    monkeypatch.setattr("importer.portal.retries.wait_s", lambda *_, **__: 0.0)


def statuses(path):
    with path.open(newline="", encoding="utf-8") as file:
        return [row["Import status"] for row in csv.DictReader(file)]


def test_rows_the_portal_was_not_available_for_are_tried_again(portal, program, sheet):
    """One batch that got no answer does not make a portal that is down: the run ends, and `resume` tries it again."""
    edits = sheet(["Record ID", "subject"], ["25012345001", "One"], ["25012345009", "Two"])
    portal.fault("status", status=503, path="batch/update", times=6)

    ended = program(edits, "--yes", "--json", portal=portal)
    first = statuses(edits)
    resumed = program("resume", "--json", portal=portal)

    assert (ended.code, ended.codes) == (1, [(2, "unavailable"), (3, "unavailable")])
    assert first == ["failed", "failed"]
    assert f"import-tickets resume {ended.summary['run_id']}" in ended.err
    assert (resumed.code, resumed.summary["rows"]["updated"], resumed.summary["errors"]) == (0, 2, [])
    assert statuses(edits) == ["updated", "updated"]
    assert program("resume", portal=portal).code == 2


def test_a_day_that_is_used_up_before_anything_was_sent_leads_to_the_file(portal, program, sheet):
    """Nothing is there to be resumed: what is said must not end in a dead end."""
    edits = sheet(["Record ID", "subject"], ["25012345001", "One"])
    portal.fault("status", status=429, policy="DAILY", path="batch/read", times=None)

    ended = program(edits, "--yes", "--json", portal=portal)

    assert (ended.code, ended.codes) == (3, [(None, "rate_limited")])
    assert "run the file again where nothing was sent" in ended.err
    assert "Next: import-tickets resume" not in ended.err


def test_a_run_killed_while_it_reports_is_finished_by_resume(portal, program, sheet, monkeypatch):
    """All rows have their outcome, and the spreadsheet does not show it yet."""
    edits = sheet(["Record ID", "subject"], ["25012345001", "One"], ["25012345009", "Two"])

    class Killed(BaseException):
        pass

    def die(*_, **__):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("importer.jobs.annotation.write_back", die)
        with pytest.raises(Killed):
            program(edits, "--yes", portal=portal)
    portal.forget_requests()
    resumed = program("resume", "--json", portal=portal)

    assert (resumed.code, resumed.summary["rows"]["updated"]) == (0, 2)
    assert not portal.requests("batch/update")
    assert statuses(edits) == ["updated", "updated"]
    assert program("resume", portal=portal).code == 2
