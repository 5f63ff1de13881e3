"""The law of `updated`, judged by the sandbox's own database: whatever the portal does with a row, and says of it."""

import json
from itertools import count, islice

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from importer.model import Change
from importer.sandbox import open_app
from importer.sandbox.access import TOKEN
from importer.sandbox.seed import reseed
from importer.sandbox.tickets import merge_tickets
from tests.laws import examples
from tests.sending.test_hostile_answers import deliver

DEED = st.sampled_from(["written", "kept", "changed", "cut", "merged before", "merged after", "archived"])
TOLD = st.sampled_from(["as it is", "before", "absent", "null", "another ticket", "missing", "twice", "no word"])
SUBJECT = "subject"


class SpoiltSandbox:
    """The sandbox behind somebody who does something else with each input, and tells of it otherwise.

    `fates`: by ticket, a deed and a telling. What it tells as held is what the sandbox holds, or held before.
    """

    def __init__(self, folder):
        self.app, _, _ = open_app(folder)
        self.portal = self.app.state.portal
        self.fates, self.old, self.by_row, self.spare = {}, {}, {}, []
        self.words = (f"new words {number}" for number in count())

    def live(self, number):
        """Return some tickets that were not merged into others, and keep as many others to merge them with."""
        if sum(1 for _ in self.portal.store.every_ticket()) < 100:
            reseed(self.portal.store)
        found = list(islice(self.portal.store.every_ticket(), 2 * number))
        self.spare = [one.id for one in found[number:]]
        return found[:number]

    def held(self, ticket):
        """Return what a ticket is called, by the database; a merged one lives on in another."""
        found = self.portal.store.tickets([int(ticket)])[int(ticket)]
        while found.merged_into is not None:
            found = self.portal.store.tickets([found.merged_into])[found.merged_into]
        return found.properties.get(SUBJECT, "")

    async def __call__(self, scope, receive, send):
        body = b""
        while True:
            event = await receive()
            body += event.get("body", b"")
            if not event.get("more_body"):
                break
        headers = [one for one in scope["headers"] if one[0].lower() not in {b"authorization", b"content-length"}]
        headers.append((b"authorization", f"Bearer {TOKEN}".encode()))
        is_update = scope["path"].endswith("batch/update")
        if is_update:
            body = json.dumps({"inputs": self._do(json.loads(body)["inputs"])}).encode()
        events = []

        async def say(event):
            events.append(event)

        async def hear():
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app({**scope, "headers": headers}, hear, say)
        content = b"".join(one.get("body", b"") for one in events)
        if is_update:
            self._act(("merged after",))
            content = self._tell(content)
        kept = [one for one in events[0]["headers"] if one[0].lower() != b"content-length"]
        await send({**events[0], "headers": kept})
        await send({"type": "http.response.body", "body": content})

    def _do(self, inputs):
        """Return what reaches the sandbox."""
        self._act(("merged before", "archived"))
        done = []
        for one in inputs:
            deed, sent = self.fates[one["id"]][0], one["properties"][SUBJECT]
            if deed != "kept":
                done.append(one | {"properties": {SUBJECT: {"changed": "other", "cut": sent[:-1]}.get(deed, sent)}})
        return done

    def _act(self, deeds):
        store = self.portal.store
        for ticket, (deed, _) in self.fates.items():
            found = store.tickets([int(ticket)])[int(ticket)]
            if deed not in deeds or found.merged_into is not None or found.archived is not None:
                continue
            with store.writing():
                if deed == "archived":
                    found.archived = self.portal.now_ms()
                    store.save_tickets([found])
                else:
                    other = store.tickets([self.spare.pop()]).popitem()[1]
                    pair = (found, other) if deed == "merged after" else (other, found)  # the first one's values stay
                    merge_tickets(self.portal, *pair)

    def _tell(self, content):
        answer = json.loads(content)
        results = []
        for one in answer.get("results", ()):
            ticket = self.by_row[one["objectWriteTraceId"].rpartition("-")[2]]
            told = self.fates[ticket][1]
            results += {
                "before": [one | {"properties": {SUBJECT: self.old[ticket]}}],
                "absent": [one | {"properties": {}}],
                "null": [one | {"properties": {SUBJECT: None}}],
                "another ticket": [one | {"id": "77"}],
                "missing": [],
                "twice": [one, one],
                "no word": [{"id": one["id"]}],
            }.get(told, [one])
        return json.dumps(answer | {"results": results}).encode() if "results" in answer else content


@pytest.fixture(scope="module")
def sandbox_app(tmp_path_factory):
    return SpoiltSandbox(tmp_path_factory.mktemp("spoilt"))


@examples(30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fates=st.lists(st.tuples(DEED, TOLD), min_size=1, max_size=5))
def test_no_row_is_updated_whose_ticket_does_not_hold_it(sandbox_app, tmp_path_factory, fates):
    tickets = sandbox_app.live(len(fates))
    keys = [str(one.id) for one in tickets]
    old = {key: one.properties.get(SUBJECT, "") for key, one in zip(keys, tickets, strict=True)}
    sandbox_app.old, sandbox_app.fates = old, dict(zip(keys, fates, strict=True))
    sandbox_app.by_row = {str(row): key for row, key in enumerate(keys, 2)}
    # Never what an earlier example wrote: an answer that shows the value before would show the one that is wanted.
    changes = [
        Change(row, key, key, {SUBJECT: old[key]}, {SUBJECT: next(sandbox_app.words)})
        for row, key in enumerate(keys, 2)
    ]

    statuses, findings, error = deliver(sandbox_app, changes, tmp_path_factory.mktemp("run"))

    assert error is None
    for change in changes:
        holds = sandbox_app.held(change.key) == change.after[SUBJECT]
        status = statuses[change.row]
        assert status in {"updated", "failed"}
        assert holds or status == "failed", (sandbox_app.fates[change.key], [str(one.text) for one in findings])
        if status == "failed":
            assert any(one.row == change.row for one in findings)
