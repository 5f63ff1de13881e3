"""What a property's history says of a sheet that was made at some moment, and of who changed what."""

import pytest

from importer.planning.property_history import ChangeAttribution, changed_since, local_text
from importer.portal import HistoryEntry
from schemas.message import message
from schemas.property import Property, read_schema
from schemas.types.datetime import parse_moment

MADE = "2026-11-20T12:00:59.999Z"
EARLY, LATE, LATER = "2026-11-20T12:00:00Z", "2026-11-20T12:01:00.000Z", "2026-11-20T13:00:00Z"
SUBJECT = Property("subject", "Ticket name", "string", "text")
SIZE = Property("size", "Size", "number", "number")


def entries(*pairs):
    return [HistoryEntry(value, at) for value, at in pairs]


@pytest.mark.parametrize(
    ("definition", "history", "changed"),
    [
        pytest.param(SUBJECT, [("a", EARLY)], False, id="before"),
        pytest.param(SUBJECT, [("a", MADE)], False, id="at-the-moment"),
        pytest.param(SUBJECT, [("b", LATE), ("a", EARLY)], True, id="after"),
        pytest.param(SUBJECT, [("a", LATER), ("b", LATE), ("a", EARLY)], False, id="and-back"),
        pytest.param(SUBJECT, [("a", LATE), ("a", EARLY)], False, id="written-anew"),
        pytest.param(SIZE, [("1.0", LATE), ("1", EARLY)], False, id="in-another-form"),
        pytest.param(SUBJECT, [("b", LATE)], True, id="set-for-the-first-time"),
        pytest.param(SUBJECT, [("", LATER), ("b", LATE)], True, id="not-reaching-back"),
        pytest.param(SUBJECT, [("b", "soon"), ("a", EARLY)], True, id="at-no-moment-that-can-be-read"),
        pytest.param(SUBJECT, [("b", "1795608000000"), ("a", EARLY)], True, id="in-milliseconds"),
        pytest.param(SUBJECT, [], False, id="no-history"),
    ],
)
def test_what_changed_since(definition, history, changed):
    current = history[0][0] if history else "a"

    assert changed_since(definition, entries(*history), MADE, current=current) is changed


@pytest.fixture
def attribution():
    owners = [
        {"id": "1", "userId": 77, "firstName": "Ana", "lastName": "Souza", "email": "ana@example.com"},
        {"id": "2", "userId": 78, "email": "bruno@example.com"},
        {"id": "3", "userId": None, "userIdIncludingInactive": 79, "firstName": "Gone", "lastName": ""},
    ]
    account = {"timeZone": "America/Sao_Paulo"}
    return ChangeAttribution(
        read_schema({"properties": {"results": []}, "owners": {"results": owners}, "account": account})
    )


@pytest.mark.parametrize(
    ("entry", "who", "source"),
    [
        (HistoryEntry("a", EARLY, "CRM_UI", "77"), "Ana Souza", "Ana Souza"),
        (HistoryEntry("a", EARLY, "CRM_UI", "78"), "bruno@example.com", "bruno@example.com"),
        (HistoryEntry("a", EARLY, "CRM_UI", "79"), "Gone", "Gone"),
        (HistoryEntry("a", EARLY, "CRM_UI", "80"), message("user {id}", id="80"), "80"),
        (HistoryEntry("a", EARLY, "INTEGRATION"), message("an integration"), "INTEGRATION"),
        (HistoryEntry("a", EARLY, "BATCH_UPDATE"), "BATCH_UPDATE", "BATCH_UPDATE"),
        (HistoryEntry("a", EARLY), message("someone"), ""),
        (None, message("someone"), ""),
    ],
)
def test_who_changed_it(entry, who, source, attribution):
    assert (attribution.who(entry), attribution.source(entry)) == (who, source)


def test_when_it_was_by_the_portals_clocks(attribution):
    assert (
        str(attribution.when(HistoryEntry("a", "2026-11-20T01:30:00.120Z")))
        == "2026-11-19 22:30:00 (America/Sao_Paulo)"
    )
    assert attribution.when(None) == "?"
    assert attribution.when(HistoryEntry("a", "soon")) == "?"
    assert str(local_text(parse_moment(EARLY), "Nowhere/At_all")) == "2026-11-20 12:00:00 (UTC)"
