"""What is settled at a glance, without a record made of each entry, is what a closer look would say, too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.model import Change
from importer.portal import Ticket
from importer.portal.responses import parse_answer
from importer.sending.matching import Held, compare, confirms_all, match_results
from importer.sending.second_look import look_again, shows_just
from schemas.property import Option, Property
from schemas.values import same_value
from tests.laws import examples

DEFINITIONS = {
    "subject": Property("subject", "Subject", "string", "text"),
    "seen_at": Property("seen_at", "Seen at", "datetime", "date"),
    "score": Property("score", "Score", "number", "number"),
    "tags": Property("tags", "Tags", "enumeration", "checkbox", options=(Option("A", "a"), Option("B", "b"))),
}
TEXTS = {
    "subject": ["", "Old", "New", "new"],
    "seen_at": ["", "2026-03-04T12:30:00.000Z", "2026-03-04T12:30:00Z", "1772627400000", "2026-03-04T12:31:00Z"],
    "score": ["", "7", "7.0", "8"],
    "tags": ["", "A;B", "B;A", ";A", "A"],
}
ODD = [None, 7, True, ["A"], {}]
"""What a property never is, but null."""


def change_of(after, before=None):
    return Change(2, "101", "101", before or {}, after)


def answer_of(change, shown, **more):
    entry = {"id": change.ticket, "objectWriteTraceId": change.trace_id, "properties": shown, **more}
    return parse_answer(200, {"status": "COMPLETE", "results": [entry]}, scrub=str)


def values_of(*more):
    return st.fixed_dictionaries({}, optional={name: st.sampled_from([*TEXTS[name], *more]) for name in TEXTS})


def test_a_usual_answer_is_enough():
    """A moment of a whole second comes back without a fraction, a cleared cell as null, a number as a number."""
    change = change_of({"subject": "", "seen_at": "2026-03-04T12:30:00.000Z", "score": "7.0", "tags": ";A"})
    shown = {"subject": None, "seen_at": "2026-03-04T12:30:00Z", "score": "7", "tags": "A;B", "createdate": "x"}

    assert confirms_all(answer_of(change, shown), [change], DEFINITIONS)


@pytest.mark.parametrize(
    "shown",
    [{}, {"seen_at": None}, {"seen_at": "2026-03-04T12:30:01Z"}, {"seen_at": 1772627400000}, {"seen_at": False}],
    ids=str,
)
def test_another_value_is_looked_at_more_closely(shown):
    change = change_of({"seen_at": "2026-03-04T12:30:00.000Z"})

    assert not confirms_all(answer_of(change, shown), [change], DEFINITIONS)


@examples(100)
@given(after=values_of(), shown=values_of(*ODD))
def test_law_what_is_confirmed_at_a_glance_is_held(after, shown):
    change = change_of(after)
    answer = answer_of(change, shown)
    if confirms_all(answer, [change], DEFINITIONS):
        [record] = match_results(answer, [change], id_property=None).written.values()

        assert compare(change, {}, record.properties, DEFINITIONS) == Held()


@examples(100)
@given(before=values_of(), after=values_of(), now=values_of())
def test_law_a_ticket_as_it_was_planned_from_is_found_so_by_a_closer_look(before, after, now):
    """Of changes as a plan makes them: each cell means something else than the ticket held."""
    names = [one for one in before.keys() & after.keys() if not same_value(DEFINITIONS[one], before[one], after[one])]
    names = [one for one in names if after[one] != ";A"]
    before, after = ({name: values[name] for name in names} for values in (before, after))
    change, ticket = change_of(after, before), Ticket("101", {**now, **before} if len(now) % 2 else now)
    if before and shows_just(change, before, ticket, None):
        look = look_again(change, before, ticket, DEFINITIONS, None)

        assert look.is_as_planned
        assert look.left == change
