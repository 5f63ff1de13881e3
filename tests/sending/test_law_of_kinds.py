"""The law of `updated` for values of every kind, rows named by record ID or by a unique value, and answers that lie.

As in `test_law_of_updated`, the sandbox's own database is the judge. Here an answer may show anything but one thing:
the value that was sent, of the very ticket that was meant and without contradiction, where that does not hold it.
"""

import asyncio
import json
import random
from dataclasses import dataclass
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from importer.model import Change
from importer.portal import Clock, Portal
from importer.sandbox.seed import reseed
from importer.sending.sender import send
from schemas.property import read_schema
from schemas.values import same_value
from tests.laws import examples
from tests.sending.staging import columns_for, make_journal
from tests.sending.test_hostile_answers import SETTINGS
from tests.sending.test_law_of_updated import SpoiltSandbox

UNIQUE, PLAIN = "external_ref", "subject"
KINDS = {
    "nickname": [f"Text {number}" for number in range(3)],
    "property_number": ["12.5", "-3", "25012345678901"],
    "property_date": ["2026-01-02", "2026-01-03", "2027-05-06"],
    "next_contact_at": [f"2026-01-02T10:0{number}:00.000Z" for number in range(3)],
    "property_dropdown": ["choice_a", "choice_b", "choice_c"],
    "property_multiple_checkboxes": ["chocolate", "chocolate;vanilla", "strawberry"],
    "property_checkbox": ["true", "false", ""],
}
NAMES = (*KINDS, PLAIN, UNIQUE)
KIND = st.sampled_from(sorted(KINDS))
DEED = st.sampled_from(["written", "kept", "half", "changed", "key moved", "archived"])
ODD_VALUES = {
    "a list": lambda value: [value],
    "an object": lambda value: {"value": value},
    "true": lambda value: True,
    "a number": lambda value: 1.5,
    "a word": lambda value: "LOW",
    "a day": lambda value: "2001-01-01",
    "null": lambda value: None,
    "nothing": lambda value: "",
    "more": lambda value: f"{value};x",
}
TOLD = st.sampled_from(
    [
        *("as it is", "missing", "before", "absent", "half", "twice", "before and after", "after and before"),
        *(
            "another ticket",
            "another with it",
            "neighbour",
            "neighbour's trace",
            "no trace",
            "no ID",
            "zeros",
            "nothing of it",
        ),
        *("and an error", "and a missing one", "key of a neighbour", "no key", *ODD_VALUES),
    ]
)


@dataclass
class Row:
    """One row, what is done with it and what is told of it."""

    number: int
    ticket: str
    key: str
    name: str
    deed: str
    told: str
    before: dict
    after: dict
    named: str = ""
    """The ticket that its key names when it arrives."""
    spare: str = ""


class Liar(SpoiltSandbox):
    """The sandbox behind somebody who does something else with the inputs, and tells of it otherwise."""

    def __init__(self, folder):
        super().__init__(folder)
        self.rows, self.inputs, self.id_property, self.did = {}, [], None, False

    def ticket(self, number):
        return self.portal.store.tickets([int(number)])[int(number)]

    def values(self, number):
        return self.ticket(number).properties

    def _act(self, deeds):
        """Let happen, once, what happens between plan and sending."""
        store = self.portal.store
        for row in () if self.did else self.rows.values():
            found = self.ticket(row.ticket)
            row.named = row.ticket
            with store.writing():
                if row.deed == "archived":
                    found.archived = self.portal.now_ms()
                    store.save_tickets([found])
                elif row.deed == "key moved" and self.id_property:
                    row.named = row.spare
                    other = self.ticket(row.spare)
                    store.drop_unique(
                        [(UNIQUE, row.key, found.id), (UNIQUE, other.properties.get(UNIQUE, ""), other.id)]
                    )
                    store.hold_unique([(UNIQUE, row.key, other.id)])
                    del found.properties[UNIQUE]
                    other.properties[UNIQUE] = row.key
                    store.save_tickets([found, other])
        self.did = True

    def _do(self, inputs):
        """Return what reaches the sandbox."""
        self._act(())
        self.inputs = inputs
        done = []
        for one in inputs:
            row = self.rows[one["objectWriteTraceId"]]
            sent = dict(one["properties"])
            if row.deed == "half":
                del sent[row.name]
            elif row.deed == "changed":
                sent[row.name] = next(
                    one for one in KINDS[row.name] if one not in {sent[row.name], row.before[row.name]}
                )
            if row.deed != "kept" and sent:
                done.append(one | {"properties": sent})
        return done or [{"id": "1", "properties": {PLAIN: "x"}, "objectWriteTraceId": "none"}]

    def _tell(self, content):
        """Return the answer with what is told of each row in place of what is so."""
        answer = json.loads(content)
        if "results" not in answer:
            return content
        by_trace = {one["objectWriteTraceId"]: one for one in answer["results"]}
        told = answer | {"results": [], "errors": list(answer.get("errors", ()))}
        for one in self.inputs:
            row = self.rows[one["objectWriteTraceId"]]
            held = self.values(row.named)
            shown = {name: held.get(name, "") for name in (*one["properties"], UNIQUE)}
            made = by_trace.get(row_trace := one["objectWriteTraceId"]) or {"id": row.named, "properties": {}}
            made = made | {"objectWriteTraceId": row_trace, "properties": shown}
            told["results"] += self.tellings(row, made)
            if row.told in {"and an error", "and a missing one"}:
                category = "VALIDATION_ERROR" if row.told == "and an error" else "OBJECT_NOT_FOUND"
                context = {"objectWriteTraceId": [row_trace], "ids": [row.key]}
                told["errors"].append({"category": category, "message": "No.", "context": context})
        return json.dumps(told).encode()

    def tellings(self, row, made):
        """Return the results that are told in place of one."""
        others = [one for one in self.rows.values() if one is not row]
        other = random.Random(row.number).choice(others) if others else row
        shown = made["properties"]
        before = made | {"properties": {**shown, **row.before}}
        after = made | {"properties": {**shown, **row.after}}
        elsewhere = made | {"id": "77", "properties": {**row.after, UNIQUE: "REF-ELSEWHERE"}}
        if row.told in ODD_VALUES:
            odd = ODD_VALUES[row.told](shown[row.name])
            text = json.dumps(odd) if isinstance(odd, list | dict) else str({None: "", True: "true"}.get(odd, odd))
            is_lie = text == row.after.get(row.name) and shown[row.name] != text
            return [] if is_lie else [made | {"properties": {**shown, row.name: odd}}]
        return {
            "missing": [],
            "before": [before],
            "absent": [made | {"properties": {}}],
            "half": [made | {"properties": {n: v for n, v in shown.items() if n != row.name}}],
            "twice": [made, made],
            "before and after": [before, after],
            "after and before": [after, before],
            "another ticket": [made | {"id": "77"}],
            "another with it": [elsewhere],
            "neighbour": [self.of_neighbour(row, other, made)] if others else [made],
            "neighbour's trace": [made | {"objectWriteTraceId": f"row-{other.number}"}],
            "no trace": [{n: v for n, v in made.items() if n != "objectWriteTraceId"}],
            "no ID": [{n: v for n, v in made.items() if n != "id"}],
            "zeros": [made | {"id": f"00{made['id']}"}],
            "nothing of it": [{}],
            "key of a neighbour": [made | {"properties": {**shown, UNIQUE: other.key}}],
            "no key": [made | {"properties": {n: v for n, v in shown.items() if n != UNIQUE}}],
        }.get(row.told, [made])

    def of_neighbour(self, row, other, made):
        """Return a result of a row about another row's ticket.

        It bears the other's key; or the row's own, where the other's result stands beside it and contradicts it. With
        neither, nothing would tell a row whose ticket is not known from one that was written.
        """
        is_beside = other.told == "as it is" and f"row-{other.number}" in {
            one["objectWriteTraceId"] for one in self.inputs
        }
        shown = made["properties"] | row.after
        key = shown[UNIQUE] if is_beside or self.id_property is None else other.key
        return made | {"id": other.ticket, "properties": {**shown, UNIQUE: key}}


@pytest.fixture(scope="module")
def liar(tmp_path_factory):
    return Liar(tmp_path_factory.mktemp("liar"))


@pytest.fixture(scope="module")
def schema(liar):
    async def fetch():
        async with Portal(SETTINGS, app=liar, clock=Clock(5000)) as portal:
            return read_schema(await portal.fetch_bodies())

    return asyncio.run(fetch())


def deliver(app, changes, folder, schema, id_property):
    journal = make_journal(folder, changes, name=uuid4().hex)

    async def run():
        async with Portal(SETTINGS, app=app, clock=Clock(5000), rng=random.Random(0)) as portal:
            columns = columns_for(schema, NAMES, id_property or "id")
            await send(journal, portal, columns=columns, schema=schema)

    with journal:
        asyncio.run(run())
        return {one.row: str(one.status or "") for one in journal.report.outcomes()}, list(journal.report.findings())


def rows_of(liar, fates, *, is_blind):
    """Return rows, by trace ID, of tickets that bear a unique value; each asks for a value of its own kind."""
    reseed(liar.portal.store)
    found = [one for one in liar.portal.store.every_ticket() if not one.archived and not one.merged_into]
    bearing = [one for one in found if one.properties.get(UNIQUE)]
    spare = [str(one.id) for one in found[::-1]]
    rows = {}
    for number, (ticket, (name, deed, told)) in enumerate(zip(bearing, fates, strict=False), 2):
        before = {one: ticket.properties.get(one, "") for one in (name, PLAIN)}
        wanted = next(one for one in KINDS[name] if one and one != before[name])
        key = ticket.properties[UNIQUE] if liar.id_property else str(ticket.id)
        after = {name: wanted, PLAIN: next(liar.words)}
        rows[f"row-{number}"] = Row(number, str(ticket.id), key, name, deed, told, before, after, spare=spare[number])
    liar.rows, liar.did = rows, False
    return [
        Change(one.number, one.key, None if is_blind else one.ticket, {} if is_blind else one.before, one.after)
        for one in rows.values()
    ]


@examples(60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fates=st.lists(st.tuples(KIND, DEED, TOLD), min_size=1, max_size=6),
    id_property=st.sampled_from([None, UNIQUE]),
    is_blind=st.booleans(),
)
@example(  # two results about one ticket, and nothing else that says whose it is
    fates=[("nickname", "written", "as it is"), ("nickname", "kept", "neighbour")], id_property=UNIQUE, is_blind=True
)
def test_no_row_is_updated_whose_ticket_does_not_hold_it(liar, schema, tmp_path_factory, fates, id_property, is_blind):
    liar.id_property = id_property
    changes = rows_of(liar, fates, is_blind=is_blind)

    statuses, findings = deliver(liar, changes, tmp_path_factory.mktemp("run"), schema, id_property)

    for change in changes:
        row = liar.rows[change.trace_id]
        held = liar.values(row.named if is_blind else row.ticket)
        holds = all(same_value(schema.properties[n], v, held.get(n, "")) for n, v in change.after.items())
        told = (row, statuses[change.row], [(one.row, one.code, str(one.text)) for one in findings])
        assert statuses[change.row] in {"updated", "failed"}, told
        assert holds or statuses[change.row] == "failed", told
        if statuses[change.row] == "failed":
            assert any(one.row == change.row for one in findings), told
