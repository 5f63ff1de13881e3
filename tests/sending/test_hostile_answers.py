"""No answer, however odd, loses a row or makes one `updated` that is not: laws on an application in this process."""

import asyncio
import json
import random
from math import log2
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from importer.errors import PortalError
from importer.model import Change
from importer.portal import Clock, Portal, PortalSettings
from importer.sending.bisect import divide
from importer.sending.sender import send
from schemas.property import PortalSchema, Property
from tests.laws import examples
from tests.sending.staging import columns_for, make_journal

SCHEMA = PortalSchema({name: Property(name, name, "string", "text") for name in ("subject", "colour")})
COLUMNS = columns_for(SCHEMA, ("subject", "colour"))
SETTINGS = PortalSettings("http://127.0.0.1", "pat-na1-invented-token")
HEADERS = [(b"content-type", b"application/json"), (b"x-hubspot-ratelimit-max", b"1000000")]


class OddPortal:
    """Holds tickets, and answers updates as `answer(inputs)` says: (status, body as JSON or bytes)."""

    def __init__(self, count, answer):
        self.tickets = {str(1000 + n): {"subject": "old"} for n in range(count)}
        self.answer = answer
        self.updates = []

    async def __call__(self, scope, receive, send_event):
        body = b""
        while True:
            event = await receive()
            body += event.get("body", b"")
            if not event.get("more_body"):
                break
        status, content = self.route(scope["path"], scope["query_string"], json.loads(body) if body else {})
        content = content if isinstance(content, bytes) else json.dumps(content).encode()
        await send_event({"type": "http.response.start", "status": status, "headers": HEADERS})
        await send_event({"type": "http.response.body", "body": content})

    def route(self, path, query, body):
        if path.endswith("batch/update"):
            self.updates.append(body["inputs"])
            return self.answer(self, body["inputs"])
        if path.endswith("batch/read"):
            if b"archived=true" in query:
                return 200, {"status": "COMPLETE", "results": []}
            asked = [one["id"] for one in body["inputs"]]
            return 200, {"results": [self.record(one) for one in asked if one in self.tickets]}
        return 404, {"category": "OBJECT_NOT_FOUND", "message": "resource not found"}

    def record(self, key, trace=None):
        return {"id": key, "properties": self.tickets[key], **({"objectWriteTraceId": trace} if trace else {})}

    def write(self, one):
        self.tickets[one["id"]] |= one["properties"]
        return self.record(one["id"], one["objectWriteTraceId"])


def deliver(portal_app, changes, folder, total=0):
    """Send changes to the odd portal; return the statuses by row, and the codes."""
    journal = make_journal(folder, changes, name=uuid4().hex)

    async def run():
        async with Portal(SETTINGS, app=portal_app, clock=Clock(5000), rng=random.Random(0)) as portal:
            try:
                await send(journal, portal, columns=COLUMNS, schema=SCHEMA, total=total)
            except PortalError as error:
                return error
        return None

    with journal:
        error = asyncio.run(run())
        return (
            {one.row: str(one.status or "") for one in journal.report.outcomes()},
            list(journal.report.findings()),
            error,
        )


def changes_of(count, **more):
    return [
        Change(n + 2, str(1000 + n), str(1000 + n), {"subject": "old"}, {"subject": f"new {n}"} | more)
        for n in range(count)
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 1010) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
MARKS = st.sampled_from(["1000", "1001", "1002", "9", "", "row-2", "row-3", "row-4", "row-99"]) | JSON
RESULT = st.fixed_dictionaries(
    {}, optional={"id": MARKS, "objectWriteTraceId": MARKS, "properties": JSON, "propertiesWithHistory": JSON}
)
ERROR = st.fixed_dictionaries(
    {},
    optional={
        "category": st.sampled_from(["OBJECT_NOT_FOUND", "VALIDATION_ERROR", ""]) | JSON,
        "message": st.text(max_size=30) | st.just('Property values were not valid: [{"name":"subject"') | JSON,
        "context": st.fixed_dictionaries(
            {}, optional={"ids": st.lists(MARKS, max_size=3) | JSON, "objectWriteTraceId": st.lists(MARKS, max_size=3)}
        )
        | JSON,
        "errors": JSON,
    },
)
BODY = JSON | st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["COMPLETE", "PENDING", "PROCESSING", "CANCELED"]) | JSON,
        "results": st.lists(RESULT | JSON, max_size=4) | JSON,
        "errors": st.lists(ERROR | JSON, max_size=4) | JSON,
        "message": st.text(max_size=20) | JSON,
        "context": JSON,
    },
)
STATUS = st.sampled_from([200, 201, 204, 207, 400, 404, 409, 413, 422, 423, 500, 502, 524])


@examples(40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    answers=st.lists(st.tuples(STATUS, BODY | st.binary(max_size=40)), min_size=1, max_size=4), written=st.booleans()
)
def test_any_answer_leaves_every_row_with_one_true_outcome(tmp_path, answers, written):
    """Rows are never lost, and `updated` only with a proof: the answer names the row, or the ticket holds the value."""

    def answer(portal, inputs):
        status, body = answers[min(len(portal.updates), len(answers)) - 1]
        if written:
            for one in inputs:
                portal.write(one)
        return status, body

    portal = OddPortal(3, answer)

    statuses, findings, error = deliver(portal, changes_of(3), tmp_path)

    assert statuses.keys() == {2, 3, 4}
    assert set(statuses.values()) <= {"updated", "failed"} or error is not None
    named = json.dumps([body if not isinstance(body, bytes) else body.decode("latin-1") for _, body in answers])
    for row, status in statuses.items():
        if status == "updated" and not written:
            assert str(998 + row) in named or f"row-{row}" in named
        if status == "failed":
            assert any(finding.row == row for finding in findings)


def test_marks_that_contradict_each_other_prove_nothing(tmp_path):
    """One row's trace ID beside another row's ID: both rows are read back."""

    def answer(portal, inputs):
        portal.write(inputs[0])
        return 200, {"results": [{"id": "1000", "objectWriteTraceId": "row-3"}]}

    statuses, findings, _ = deliver(OddPortal(2, answer), changes_of(2), tmp_path)

    assert statuses == {2: "updated", 3: "failed"}
    assert [finding.code for finding in findings] == ["unconfirmed"]


def test_a_row_among_results_and_errors_is_read_back(tmp_path):
    def answer(portal, inputs):
        results = [portal.write(inputs[0]), portal.record("1001", "row-3")]
        error = {"category": "VALIDATION_ERROR", "message": "no", "context": {"objectWriteTraceId": ["row-2", "row-3"]}}
        return 207, {"results": results, "errors": [error]}

    statuses, findings, _ = deliver(OddPortal(2, answer), changes_of(2), tmp_path)

    assert statuses == {2: "updated", 3: "failed"}
    assert [(finding.row, finding.code) for finding in findings] == [(3, "rejected")]


def test_shuffled_answers_give_the_same_outcomes(tmp_path):
    """Nothing is paired by position."""

    def answer(portal, inputs):
        good = [portal.write(one) for one in inputs if int(one["id"]) % 7]
        bad = [one for one in inputs if not int(one["id"]) % 7]
        errors = [
            {"message": f"no {b['id']}", "context": {"objectWriteTraceId": [b["objectWriteTraceId"]]}} for b in bad
        ]
        random.Random(3).shuffle(good)
        random.Random(4).shuffle(errors)
        return 207, {"results": good, "errors": errors}

    statuses, findings, _ = deliver(OddPortal(250, answer), changes_of(250), tmp_path)

    assert {row for row, status in statuses.items() if status == "failed"} == {
        r for r in range(2, 252) if not (998 + r) % 7
    }
    assert all(str(finding.text) == f"the portal refused it: no {998 + finding.row}" for finding in findings)


def refusing(bad, words, status=400):
    """An answer that refuses a batch as a whole while a bad row is in it, in `words(ids)`."""

    def answer(portal, inputs):
        found = [one["id"] for one in inputs if one["id"] in bad]
        if found:
            return status, {"category": "VALIDATION_ERROR"} | words(found)
        return 200, {"results": [portal.write(one) for one in inputs]}

    return answer


def bound(bad, count=100):
    return 2 * bad * log2(count / bad) + 2 * bad


@examples(25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bad=st.sets(st.integers(1000, 1099), min_size=1, max_size=100))
def test_the_cost_of_a_refused_batch_is_bounded(tmp_path, bad):
    """With k bad rows in a batch of 100, at most 2k*log2(100/k) + 2k more requests; no good row loses its update."""
    bad = {str(one) for one in bad}
    portal = OddPortal(100, refusing(bad, lambda ids: {"message": f"one of these is wrong, {ids[0]} maybe"}))

    statuses, findings, _ = deliver(portal, changes_of(100), tmp_path)

    assert {str(998 + row) for row, status in statuses.items() if status == "failed"} == bad
    assert {finding.code for finding in findings} == {"rejected"}
    assert len(portal.updates) - 1 <= bound(len(bad))


def test_no_placement_of_bad_rows_costs_more_than_the_bound():
    """The dearest placement of k bad rows, for every k and every size of batch."""
    from functools import cache

    from importer.sending.bisect import first_size

    @cache
    def dearest(count, bad):
        if count == 1:
            return 0
        first = first_size(count)
        second = count - first
        costs = []
        for here in range(max(0, bad - second), min(first, bad) + 1):
            if here:
                there = bad - here
                costs.append(2 + dearest(first, here) + (dearest(second, there) if there else 0))
            else:
                costs.append(1 + (1 if second == 1 else dearest(second, bad)))
        return max(costs)

    assert all(dearest(n, k) <= bound(k, n) for n in range(1, 101) for k in range(1, n + 1))


@pytest.mark.parametrize(
    "bad", [{1000}, {1061}, {1098, 1099}, set(range(1000, 1100, 20)), set(range(1000, 1100))], ids=len
)
def test_a_conflict_is_repeated_once_for_the_whole_batch(tmp_path, bad):
    """Not again for each part of it: it costs one request more than a refusal, and stays within the same bound."""
    keys = {str(one) for one in bad}
    portal = OddPortal(100, refusing(keys, lambda _: {"message": "a conflict"}, status=409))

    statuses, _, _ = deliver(portal, changes_of(100), tmp_path)

    assert {str(998 + row) for row, status in statuses.items() if status == "failed"} == keys
    assert [len(one) for one in portal.updates[:2]] == [100, 100]
    assert len(portal.updates) - 1 <= bound(len(bad))


def test_an_error_that_names_no_row_is_told_at_the_row_whose_value_it_quotes(tmp_path):
    def answer(portal, inputs):
        told = [
            {
                "message": "Property values were not valid: "
                + json.dumps([{"name": "colour", "error": "BAD", "message": f"{value} is no colour"}])
            }
            for value in ("mauve", "beige")
        ]
        return 207, {"results": [portal.write(one) for one in inputs[2:]], "errors": told}

    changes = [
        Change(row, str(998 + row), str(998 + row), {"colour": "red"}, {"colour": colour})
        for row, colour in ((2, "beige"), (3, "mauve"), (4, "blue"))
    ]
    statuses, findings, _ = deliver(OddPortal(3, answer), changes, tmp_path)

    assert statuses == {2: "failed", 3: "failed", 4: "updated"}
    assert [(one.row, "beige" in str(one.text), "mauve" in str(one.text)) for one in findings] == [
        (2, True, False),
        (3, False, True),
    ]


def test_a_read_back_that_is_refused_stops_no_other_row(tmp_path):
    """What became of the silent row cannot be told now: a resume asks again."""

    class Mute(OddPortal):
        def route(self, path, query, body):
            if path.endswith("batch/read"):
                return 400, {"category": "VALIDATION_ERROR", "message": "no reads today"}
            return super().route(path, query, body)

    portal = Mute(3, lambda portal, inputs: (200, {"results": [portal.write(one) for one in inputs[1:]]}))

    statuses, findings, error = deliver(portal, changes_of(3), tmp_path)

    assert error is None
    assert statuses == {2: "failed", 3: "updated", 4: "updated"}
    assert [finding.code for finding in findings] == ["unavailable"]


def test_bad_rows_that_are_named_are_taken_out_at_once(tmp_path):
    """Three named rows cost one more request."""
    bad = {"1003", "1050", "1099"}
    portal = OddPortal(100, refusing(bad, lambda ids: {"message": "Duplicate IDs", "context": {"ids": ids}}))

    statuses, _, _ = deliver(portal, changes_of(100), tmp_path)

    assert {str(998 + row) for row, status in statuses.items() if status == "failed"} == bad
    assert len(portal.updates) == 2


def test_a_taken_unique_value_is_found_by_the_id_in_the_message(tmp_path):
    words = (
        "Cannot set PropertyValueCoordinates{{portalId=1, propertyName=colour, value=x}} on {}. "
        "77 already has that value."
    )
    portal = OddPortal(100, refusing({"1042"}, lambda ids: {"message": words.format(ids[0])}))

    statuses, findings, _ = deliver(portal, changes_of(100), tmp_path)

    assert [row for row, status in statuses.items() if status == "failed"] == [44]
    assert "77 already has that value" in str(findings[0].text)
    assert len(portal.updates) == 2


def test_rows_that_send_a_quoted_value_are_set_apart(tmp_path):
    """The portal names the property and the value, not the row: three requests in place of a dozen."""

    def words(ids):
        item = {
            "message": "Urgentt was not one of the allowed options: [LOW]",
            "error": "INVALID_OPTION",
            "name": "colour",
        }
        return {"message": f"Property values were not valid: {json.dumps([item])}"}

    portal = OddPortal(100, refusing({"1042"}, words))
    changes = [
        Change(c.row, c.key, c.ticket, c.before, c.after | {"colour": "Urgentt" if c.row == 44 else "LOW"})
        for c in changes_of(100)
    ]

    statuses, findings, _ = deliver(portal, changes, tmp_path)

    assert [row for row, status in statuses.items() if status == "failed"] == [44]
    assert [(finding.cell, finding.property_name) for finding in findings] == [("C44", "colour")]
    assert len(portal.updates) == 3


def test_a_batch_too_large_is_halved(tmp_path):
    def answer(portal, inputs):
        if len(inputs) > 30:
            return 413, b"<html>Request Entity Too Large</html>"
        return 200, {"results": [portal.write(one) for one in inputs]}

    portal = OddPortal(100, answer)

    statuses, _, _ = deliver(portal, changes_of(100), tmp_path)

    assert set(statuses.values()) == {"updated"}
    assert sorted(len(inputs) for inputs in portal.updates) == [25, 25, 25, 25, 50, 50, 100]


def test_a_row_too_large_alone_is_rejected(tmp_path):
    portal = OddPortal(1, lambda portal, inputs: (413, b""))

    statuses, findings, _ = deliver(portal, changes_of(1), tmp_path)

    assert statuses == {2: "failed"}
    assert [str(finding.text) for finding in findings] == ["the portal refused it: HTTP 413"]


def test_what_the_portal_works_on_is_read_back_until_it_is_there(tmp_path):
    """PENDING says that nothing is decided; the third look finds it."""

    class Slow(OddPortal):
        reads = 0

        def route(self, path, query, body):
            if path.endswith("batch/read"):
                self.reads += 1
                if self.reads == 3:
                    self.tickets["1000"]["subject"] = "new 0"
            return super().route(path, query, body)

    portal = Slow(1, lambda portal, inputs: (200, {"status": "PENDING", "results": []}))

    statuses, _, _ = deliver(portal, changes_of(1), tmp_path)

    assert (statuses, portal.reads) == ({2: "updated"}, 3)


def test_one_ticket_under_two_keys_is_never_in_one_request(tmp_path):
    """IDs are compared as numbers; the second row leaves once the first is answered."""
    portal = OddPortal(
        1, lambda portal, inputs: (200, {"results": [portal.write({**one, "id": "1000"}) for one in inputs]})
    )
    changes = [Change(2, "1000", "1000", {}, {"subject": "a"}), Change(3, "01000", "1000", {}, {"subject": "b"})]

    statuses, _, _ = deliver(portal, changes, tmp_path)

    assert statuses == {2: "updated", 3: "updated"}
    assert [[one["objectWriteTraceId"] for one in inputs] for inputs in portal.updates] == [["row-2"], ["row-3"]]


def test_a_row_without_cells_is_not_sent(tmp_path):
    portal = OddPortal(1, lambda portal, inputs: (200, {"results": []}))

    statuses, _, _ = deliver(portal, [Change(2, "1000", "1000", {}, {})], tmp_path)

    assert (statuses, portal.updates) == ({2: "unchanged"}, [])


def test_division_loses_nothing():
    refusal = type("Refusal", (), {"status": 400, "faults": ()})()
    for count in range(2, 101):
        changes = changes_of(count)
        first, second = divide(changes, refusal)
        assert [*first, *second] == changes
        assert first
        assert second
