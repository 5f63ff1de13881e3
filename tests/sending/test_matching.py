"""An answer is believed only where it shows what was sent; else the ticket is looked at, and says what became of it."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.laws import examples
from tests.sending.test_hostile_answers import OddPortal, changes_of, deliver

CASES = Path(__file__).parent / "cases"


def told(one, value, *, ticket=None, **more):
    """A result that shows `value` for the row, whatever the ticket holds."""
    return {
        "id": ticket or one["id"],
        "objectWriteTraceId": one["objectWriteTraceId"],
        "properties": {"subject": value},
        **more,
    }


def test_an_old_value_is_no_proof(tmp_path):
    """HubSpot's own example of an answer: CANCELED, with a result that still shows the old value."""

    def answer(portal, inputs):
        body = json.loads((CASES / "old-value.json").read_text())
        body["results"] = [told(inputs[0], "old") | {"archived": False}]
        return 200, body

    statuses, findings, _ = deliver(OddPortal(1, answer), changes_of(1), tmp_path)

    assert statuses == {2: "failed"}
    assert [(one.code, one.property_name) for one in findings] == [("not_kept", "subject")]
    assert "new 0" in str(findings[0].text)
    assert '"old"' in str(findings[0].text)


def test_a_value_that_the_answer_shows_too_early_is_read_back(tmp_path):
    """The answer shows the old value, and the ticket holds the new one by the time it is looked at."""

    def answer(portal, inputs):
        for one in inputs:
            portal.write(one)
        return 200, {"status": "COMPLETE", "results": [told(one, "old") for one in inputs]}

    statuses, _, _ = deliver(OddPortal(3, answer), changes_of(3), tmp_path)

    assert statuses == {2: "updated", 3: "updated", 4: "updated"}


@pytest.mark.parametrize(
    ("sent", "kept", "status"),
    [
        ("  Spaced ", "Spaced", "updated"),
        ("LOUD", "loud", "updated"),
        ("OLD", "old", "failed"),  # what the ticket held before: nothing was written
        ("a long subject", "a long sub", "failed"),
        ("new", "what a workflow set", "failed"),
        ("new", "", "failed"),
    ],
)
def test_the_portals_own_form_of_a_text(tmp_path, sent, kept, status):
    def answer(portal, inputs):
        for one in inputs:
            portal.tickets[one["id"]]["subject"] = kept
        return 200, {"results": [told(one, kept) for one in inputs]}

    change = changes_of(1)[0]._replace(after={"subject": sent})

    statuses, findings, _ = deliver(OddPortal(1, answer), [change], tmp_path)

    assert statuses == {2: status}
    assert {one.code for one in findings} == (set() if status == "updated" else {"not_kept"})


def test_a_value_that_nothing_shows_is_no_proof(tmp_path):
    """Neither the answer nor the read-back bears the property: that is not the same as holding nothing."""

    class Secretive(OddPortal):
        def record(self, key, trace=None):
            shown = super().record(key, trace)
            return shown | {"properties": {n: v for n, v in shown["properties"].items() if n != "colour"}}

    portal = Secretive(2, lambda portal, inputs: (200, {"results": [portal.write(one) for one in inputs]}))
    changes = [changes_of(2)[0], changes_of(2)[1]._replace(after={"subject": "new 1", "colour": ""})]

    statuses, findings, _ = deliver(portal, changes, tmp_path)

    assert statuses == {2: "updated", 3: "failed"}
    assert [(one.code, one.property_name) for one in findings] == [("unreadable_property", "colour")]


def test_an_answer_about_another_ticket_is_asked_about(tmp_path):
    """The trace ID is the row's, the ticket is not, and the row's own is still there."""

    def answer(portal, inputs):
        return 200, {"results": [told(one, one["properties"]["subject"], ticket="77") for one in inputs]}

    statuses, findings, _ = deliver(OddPortal(1, answer), changes_of(1), tmp_path)

    assert statuses == {2: "failed"}
    assert [one.code for one in findings] == ["other_ticket"]
    assert "77" in str(findings[0].text)


def test_two_results_that_contradict_each_other_prove_nothing(tmp_path):
    def answer(portal, inputs):
        portal.write(inputs[0])
        return 200, {"results": [told(one, value) for one in inputs for value in (f"new {int(one['id'][-1])}", "old")]}

    statuses, _, _ = deliver(OddPortal(2, answer), changes_of(2), tmp_path)

    assert statuses == {2: "updated", 3: "failed"}


DEED = st.sampled_from(["written", "kept", "changed", "cut", "lost"])
TOLD = st.sampled_from(
    ["as held", "as sent to be read back", "old", "absent", "null", "other ticket", "missing", "twice", "no word"]
)


def do(portal, one, deed):
    """What the portal does with one input."""
    sent = one["properties"]["subject"]
    held = portal.tickets[one["id"]]
    held["subject"] = {"written": sent, "changed": "another text", "cut": sent[:-1]}.get(deed, held["subject"])


def say(portal, one, telling):
    """What its answer says of it; it never shows a value as held that is not."""
    held = told(one, portal.tickets[one["id"]]["subject"])
    return {
        "as held": [held],
        "as sent to be read back": [],
        "old": [told(one, "old")],
        "absent": [held | {"properties": {}}],
        "null": [told(one, None)],
        "other ticket": [held | {"id": "77"}],
        "missing": [],
        "twice": [held, held],
        "no word": [{"id": one["id"]}],
    }[telling]


@examples(40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fates=st.lists(st.tuples(DEED, TOLD), min_size=1, max_size=5),
    state=st.sampled_from(["COMPLETE", "CANCELED", "PENDING", "PROCESSING", None]),
    status=st.sampled_from([200, 207]),
)
def test_no_row_is_updated_whose_ticket_does_not_hold_what_was_sent(tmp_path, fates, state, status):
    """The law, by what the portal holds in the end."""

    def answer(portal, inputs):
        results = []
        for one, (deed, telling) in zip(inputs, fates, strict=True):
            do(portal, one, deed)
            results += say(portal, one, telling)
        return status, {"results": results} | ({"status": state} if state else {})

    portal, changes = OddPortal(len(fates), answer), changes_of(len(fates))

    statuses, findings, error = deliver(portal, changes, tmp_path)

    assert error is None
    for change, (deed, telling) in zip(changes, fates, strict=True):
        held = portal.tickets[change.key]["subject"]
        assert (statuses[change.row] == "updated") == (deed == "written" and telling != "other ticket"), held
        assert statuses[change.row] == "updated" or [one for one in findings if one.row == change.row]
