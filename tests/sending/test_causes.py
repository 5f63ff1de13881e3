"""Errors that pass are tried again, values that other rows give up are waited for, one reason settles all its rows."""

import json
from pathlib import Path

import pytest

from importer.errors import TooManyFailures
from importer.model import Change
from importer.portal import Refused
from tests.laws import IS_NIGHTLY
from tests.sending.staging import Stage
from tests.sending.test_hostile_answers import OddPortal, changes_of, deliver

CASES = Path(__file__).parent / "cases"
UPDATE = "batch/update"


def passing(one, category="INTERNAL_ERROR"):
    body = json.loads((CASES / "passing-errors-207.json").read_text())["errors"][0]
    return body | {"category": category, "context": {"objectWriteTraceId": [one["objectWriteTraceId"]]}}


@pytest.mark.parametrize("category", ["INTERNAL_ERROR", "RATE_LIMITS", "CONFLICT", "LOCKED"])
def test_an_error_that_passes_is_tried_again(tmp_path, category):
    """Two of three rows meet it, one of them twice; the third is not sent again."""

    def answer(portal, inputs):
        times = len(portal.updates)
        bad = [one for one in inputs if int(one["id"]) - 1000 >= times]
        good = [portal.write(one) for one in inputs if one not in bad]
        return 207, {"status": "COMPLETE", "results": good, "errors": [passing(one, category) for one in bad]}

    portal = OddPortal(3, answer)

    statuses, findings, error = deliver(portal, changes_of(3), tmp_path)

    assert (statuses, findings, error) == ({2: "updated", 3: "updated", 4: "updated"}, [], None)
    assert [len(one) for one in portal.updates] == [3, 2, 1]


def test_an_error_that_does_not_pass_ends_as_unavailable(tmp_path):
    """Within the bounds of a batch; a resume tries again, and other batches are none the worse."""

    def answer(portal, inputs):
        bad = [one for one in inputs if one["id"] in {"1000", "1150", "1250", "1350"}]
        good = [portal.write(one) for one in inputs if one not in bad]
        return 207, {"results": good, "errors": [passing(one) for one in bad]}

    portal = OddPortal(400, answer)

    statuses, findings, error = deliver(portal, changes_of(400), tmp_path)

    assert error is None
    assert sorted(row for row, status in statuses.items() if status == "failed") == [2, 152, 252, 352]
    assert {one.code for one in findings} == {"unavailable"}
    assert "Please try again" in str(findings[0].text)
    assert 4 < len(portal.updates) <= 4 + 4 * 5


def refs(stage, count):
    """Tickets with a unique value, as the sandbox holds them: (ID, value)."""
    found = [
        (key, one["properties"]["external_ref"])
        for key, one in stage.server.tickets().items()
        if one["properties"].get("external_ref") and not one["archived"] and not one["merged_into"]
    ]
    return found[:count]


def renamed(pairs, wanted):
    return [
        Change(n + 2, key, key, {"external_ref": held}, {"external_ref": new})
        for n, ((key, held), new) in enumerate(zip(pairs, wanted, strict=True))
    ]


@pytest.mark.parametrize("size", [100, 1])
def test_values_that_other_rows_give_up(server, tmp_path, size):
    """A takes the value of B, B that of C, C a new one: one run, be they in one batch or in three."""
    stage = Stage(server, tmp_path, names=("external_ref",))
    pairs = refs(stage, 3)

    stage.store(renamed(pairs, [pairs[1][1], pairs[2][1], "REF-BRAND-NEW"]), size=size).send()

    assert stage.counts == {"updated": 3}
    assert stage.disagreements() == []


def test_a_swap_of_unique_values_ends(server, tmp_path):
    """The portal refuses both, again and again: they fail with its words, and a third row is updated."""
    stage = Stage(server, tmp_path, names=("external_ref",))
    pairs = refs(stage, 3)

    stage.store(renamed(pairs, [pairs[1][1], pairs[0][1], "REF-BRAND-NEW"])).send()

    assert stage.counts == {"failed": 2, "updated": 1}
    assert stage.codes == {"rejected": 2}
    assert "already has that value" in str(next(stage.journal.report.findings()).text)
    assert stage.portal.stats.update <= 4


@pytest.mark.parametrize(
    "message",
    [
        None,  # of the property, whose value each row has its own of
        "The account was put into a mode in which nothing is written.",
        json.dumps([{"name": "subject", "error": "PROPERTY_DOESNT_EXIST", "message": "subject does not exist"}]),
    ],
)
def test_one_reason_for_all_rows_stops_the_run(stage, message):
    """1,000 rows in whole batches of 100: at most 30 requests, and what was not tried is not sent."""
    stage.server.fault("whole_batch", path=UPDATE, times=None, **({"message": message} if message else {}))

    with pytest.raises(Refused, match="for one reason") as raised:
        stage.plan(1000).send()

    assert raised.value.exit_code == 3
    assert stage.portal.stats.update <= 30
    assert set(stage.codes) == {"rejected"}
    assert stage.journal.batches.in_doubt() == []
    stage.server.calm()
    stage.resume()
    assert stage.counts.get("updated", 0) == len(stage.changes) - stage.counts["failed"]
    assert stage.disagreements() == []


def test_one_reason_for_each_row_stops_the_run(stage):
    """As before, the portal telling it row by row."""
    with pytest.raises(Refused, match="for one reason"):
        stage.plan(1000, after=lambda n: {"hs_ticket_priority": "GONE"}).send()

    assert stage.portal.stats.update <= 10
    assert stage.counts["failed"] >= 200


def test_a_property_that_cannot_be_written_settles_its_rows_alone(tmp_path):
    """Rows of the same batch that do not send it are updated: two requests."""

    def answer(portal, inputs):
        if any("colour" in one["properties"] for one in inputs):
            item = {"name": "colour", "error": "PROPERTY_DOESNT_EXIST", "message": "colour does not exist"}
            return 400, {
                "category": "VALIDATION_ERROR",
                "message": f"Property values were not valid: [{json.dumps(item)}]",
            }
        return 200, {"results": [portal.write(one) for one in inputs]}

    changes = [c._replace(after=c.after | ({"colour": str(c.row)} if c.row % 2 else {})) for c in changes_of(60)]
    portal = OddPortal(60, answer)

    statuses, findings, _ = deliver(portal, changes, tmp_path)

    assert {row for row, status in statuses.items() if status == "failed"} == {c.row for c in changes if c.row % 2}
    assert {one.property_name for one in findings} == {"colour"}
    assert len(portal.updates) == 2


WRONG = {"category": "VALIDATION_ERROR", "message": "one of these is wrong"}
PAGE = b"<html><h1>Access denied</h1></html>"


@pytest.mark.parametrize("texts", [1, 4, 1000])
@pytest.mark.parametrize("refusal", [(400, WRONG), (403, PAGE)], ids=["portal", "firewall"])
@pytest.mark.parametrize("place", [0, 17, 50, 99])
def test_one_poison_row_costs_at_most_twenty_more(tmp_path, place, refusal, texts):
    """In the first batch of many, which is refused before any row was taken, be the texts alike or not."""

    def answer(portal, inputs):
        if any(one["id"] == str(1000 + place) for one in inputs):
            return refusal
        return 200, {"results": [portal.write(one) for one in inputs]}

    portal = OddPortal(1000, answer)
    changes = [one._replace(after={"subject": f"new {one.row % texts}"}) for one in changes_of(1000)]

    statuses, _, _ = deliver(portal, changes, tmp_path, total=1000)

    assert [row for row, status in statuses.items() if status == "failed"] == [place + 2]
    assert len(portal.updates) <= 10 + 20


def test_a_firewall_that_objects_to_keys_blocks_no_other_row(tmp_path):
    """All rows send the same, and a tenth of them are refused for what else they hold."""
    bad = {str(1000 + n) for n in range(8, 150, 10)}

    def answer(portal, inputs):
        if any(one["id"] in bad for one in inputs):
            return 403, PAGE
        return 200, {"results": [portal.write(one) for one in inputs]}

    changes = [one._replace(after={"subject": "new"}) for one in changes_of(150)]

    statuses, _, _ = deliver(OddPortal(150, answer), changes, tmp_path)

    assert {str(row + 998) for row, status in statuses.items() if status == "failed"} == bad


def test_two_bad_rows_with_one_reason_stop_nothing(tmp_path):
    """One in each of the first two batches, whose answers come first: the other 998 rows are updated."""
    bad = {"1000", "1100"}

    def answer(portal, inputs):
        if any(one["id"] in bad for one in inputs):
            return 400, {"category": "VALIDATION_ERROR", "message": "one of these is wrong"}
        return 200, {"results": [portal.write(one) for one in inputs]}

    statuses, _, error = deliver(OddPortal(1000, answer), changes_of(1000), tmp_path, total=1000)

    assert error is None
    assert [row for row, status in statuses.items() if status == "failed"] == [2, 102]


def test_so_many_refused_rows_stop_the_run_if_that_leaves_any(stage):
    """What is in flight is finished and noted; a resume sends the rest."""
    wrong = {0: {"hs_ticket_priority": "NO SUCH"}, 1: {"hs_ticket_priority": "NOR THIS"}}
    stage.plan(130, after=lambda n: wrong.get(n, {"subject": f"subject {n}"}), size=1)

    with pytest.raises(TooManyFailures, match="2 rows were refused"):
        stage.send(max_failures=2)

    assert stage.counts["failed"] == 2
    assert stage.counts[""] > 0
    stage.resume()
    assert stage.counts == {"failed": 2, "updated": 128}


def test_refused_rows_at_the_end_stop_nothing(stage):
    stage.plan(3, after=lambda n: {"hs_ticket_priority": "NO SUCH" if n else "HIGH"})

    stage.send(max_failures=1)

    assert stage.counts == {"failed": 2, "updated": 1}


def archive_priority(server):
    _, body = server.call("GET", "/crm/v3/properties/tickets/hs_ticket_priority")
    server.define("property", body | {"archived": True})


def calculate_priority(server):
    """As if its definition had not said so when the plan was made."""
    _, body = server.call("GET", "/crm/v3/properties/tickets/hs_ticket_priority")
    server.define("property", body | {"calculated": True, "modificationMetadata": {"readOnlyValue": True}})


def remove_option(server):
    _, body = server.call("GET", "/crm/v3/properties/tickets/hs_ticket_priority")
    server.define("property", body | {"options": [one for one in body["options"] if one["value"] != "HIGH"]})


def lock_stage(server):
    _, body = server.call("GET", "/crm/v3/pipelines/tickets/0")
    body["stages"][1]["writePermissions"] = "READ_ONLY"
    server.define("pipeline", body)


def raise_firewall(server):
    server.fault("status", status=403, html=True, body="<html><h1>Access denied</h1></html>", path=UPDATE, times=None)


PRIORITY, WAITING = {"hs_ticket_priority": "HIGH"}, {"hs_pipeline": "0", "hs_pipeline_stage": "2"}
REASONS = [
    (archive_priority, PRIORITY),
    (calculate_priority, PRIORITY),
    (remove_option, PRIORITY),
    (lock_stage, WAITING),
    (raise_firewall, PRIORITY),
]


@pytest.mark.parametrize("traced_rows", ["each", "together"])
@pytest.mark.parametrize(("befall", "cells"), REASONS, ids=lambda one: getattr(one, "__name__", ""))
def test_one_reason_for_a_thousand_rows_takes_thirty_requests(server, tmp_path, befall, cells, traced_rows):
    """It arose after the plan was made; told row by row, and for the whole batch. None was written, none is lost."""
    server.reset(1000)
    stage = Stage(server, tmp_path, names=tuple(cells))
    stage.plan(1000, after=lambda n: {"subject": f"subject {n}"} | cells, start=len(stage.live_ids()) - 1000)
    server.switch(traced_rows=traced_rows)
    befall(server)
    server.forget_requests()

    with pytest.raises(Refused, match="for one reason"):
        stage.send()

    assert len(stage.changes) == 1000
    assert len(server.requests(UPDATE)) <= 30
    assert stage.counts["failed"] + stage.counts.get("", 0) == 1000
    assert set(stage.codes) == {"rejected"}
    assert stage.disagreements() == []


@pytest.mark.parametrize("count", [20, 150])
def test_one_reason_for_few_rows_costs_little_more_than_one_request_a_row(server, tmp_path, count):
    """Too few to speak for all, so that each is tried; to divide their batches to the end would cost two a row."""
    raise_firewall(server)
    stage = Stage(server, tmp_path).plan(count)

    stage.send()

    assert stage.counts == {"failed": count}
    assert len(server.requests(UPDATE)) <= 1.2 * count + 10


@pytest.mark.parametrize(("texts", "most"), [(1, 60), (3, 125)])
def test_what_a_firewall_lets_no_row_send_is_sent_by_few(server, tmp_path, texts, most):
    """Rows that send the same go with some that were refused alone; the others are updated.

    How many requests depends on which of two batches is the first to be done: 24 to 40, and 85 to 115, as a rule.
    """
    count = 150
    for n in range(texts):
        server.fault("status", status=403, html=True, path=UPDATE, holds=f"<script>{n}", times=None)
    stage = Stage(server, tmp_path)
    stage.plan(count + 50, after=lambda n: {"subject": f"<script>{n % texts}" if n < count else f"subject {n}"})

    stage.send()

    assert stage.counts == {"failed": count, "updated": 50}
    assert len(server.requests(UPDATE)) <= most
    assert stage.disagreements() == []


def test_a_firewall_that_lets_few_rows_through(server, tmp_path):
    """The others get its words."""
    for n in range(60):
        if n % 30 != 7:
            server.fault("status", status=403, html=True, path=UPDATE, holds=f'"subject {n}"', times=None)
    stage = Stage(server, tmp_path).plan(60)

    stage.send()

    assert stage.counts == {"failed": 58, "updated": 2}
    assert stage.disagreements() == []


MANY = 100_000 if IS_NIGHTLY else 5_000


def test_one_poison_row_among_many(tmp_path):
    def answer(portal, inputs):
        if any(one["id"] == "4321" for one in inputs):
            return 400, {"category": "VALIDATION_ERROR", "message": "one of these is wrong"}
        return 200, {"results": [portal.write(one) for one in inputs]}

    portal = OddPortal(MANY, answer)

    statuses, _, _ = deliver(portal, changes_of(MANY), tmp_path, total=MANY)

    assert [row for row, status in statuses.items() if status == "failed"] == [4321 - 998]
    assert len(portal.updates) <= MANY / 100 + 20
