"""Keys go out as they are typed: the portal alone knows whether it compares them with or without case."""

import asyncio
from unicodedata import normalize

import pytest

from importer.portal import Portal, PortalSettings, Ticket

UNIQUE = "external_ref"
HEADER = ["External reference", "Ticket name"]


@pytest.fixture(params=["fold", "exact"])
def world(request, portal):
    """Return how the portal compares unique values."""
    portal.switch(unique_case=request.param, log_bodies=True)
    return request.param


def ticket(portal, key, subject="Before"):
    return portal.control("tickets", {"properties": {UNIQUE: key, "subject": subject}})["id"]


def subject(portal, number):
    return portal.ticket(number)["properties"].get("subject")


def run(program, portal, path, *more):
    return program(path, "--yes", "--json", "--id-property", UNIQUE, *more, portal=portal)


@pytest.mark.parametrize("key", ["REF-900001", "Straße-1", "İzmir-7"])
def test_a_key_is_asked_for_and_sent_as_it_is_typed(key, world, portal, program, sheet):
    number = ticket(portal, key)

    ended = run(program, portal, sheet(HEADER, [f" {key} ", "After"]))

    assert (ended.code, ended.codes) == (0, [])
    assert subject(portal, number) == "After"


def test_another_case_finds_the_ticket_where_the_portal_does(world, portal, program, sheet):
    number = ticket(portal, "REF-900001")

    ended = run(program, portal, sheet(HEADER, ["ref-900001", "After"]))

    assert ended.codes == ([] if world == "fold" else [(2, "not_found")])
    assert subject(portal, number) == ("After" if world == "fold" else "Before")


@pytest.mark.parametrize("blind", [(), ("--no-diff",)])
def test_texts_of_two_cases_are_two_tickets_or_one_as_the_portal_says(blind, world, portal, program, sheet):
    first = ticket(portal, "REF-900001")
    second = ticket(portal, "ref-900001") if world == "exact" else first

    ended = run(program, portal, sheet(HEADER, ["REF-900001", "One"], ["ref-900001", "Two"]), *blind)

    if world == "exact":
        assert (ended.code, ended.codes) == (0, [])
        assert (subject(portal, first), subject(portal, second)) == ("One", "Two")
    else:
        assert ended.codes == [(2, "duplicate_key"), (3, "duplicate_key")]
        assert subject(portal, first) == "Before"


@pytest.mark.parametrize("blind", [(), ("--no-diff",)])
def test_twins_that_the_portal_takes_for_one_are_sent_once(blind, world, portal, program, sheet):
    first = ticket(portal, "REF-900001")
    if world == "exact":
        ticket(portal, "ref-900001")

    ended = run(program, portal, sheet(HEADER, ["REF-900001", "One"], ["ref-900001", "One"]), *blind)

    assert (ended.code, subject(portal, first)) == (0, "One")
    rows = ended.summary["rows"]
    assert (rows["updated"], rows["unchanged"]) == ((2, 0) if world == "exact" else (1, 1))


def test_a_row_that_would_change_nothing_contradicts_one_that_would(world, portal, program, sheet):
    ticket(portal, "REF-900001")

    ended = run(program, portal, sheet(HEADER, ["REF-900001", "Before"], ["ref-900001", "Two"]))

    codes = {"fold": ["duplicate_key", "duplicate_key"], "exact": ["not_found"]}[world]
    assert [code for _, code in ended.codes] == codes


@pytest.mark.parametrize(("held", "typed"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_an_accent_apart_from_its_letter_finds_the_ticket(held, typed, world, portal, program, sheet):
    key = "Müller-é-7"
    number = ticket(portal, normalize(held, key))

    ended = run(program, portal, sheet(HEADER, [normalize(typed, key), "After"]))

    assert (ended.code, ended.codes, subject(portal, number)) == (0, [], "After")


def test_keys_that_may_be_one_never_share_a_request(world, portal):
    for key in ("A-1", "a-1") if world == "exact" else ("A-1",):
        ticket(portal, key)

    async def find():
        async with Portal(PortalSettings(portal.base_url, portal.token)) as connected:
            return await connected.find_tickets(["A-1", "a-1", "b"], id_property=UNIQUE, properties=[UNIQUE])

    found = asyncio.run(find())
    first, second = found["A-1"], found["a-1"]

    assert isinstance(first, Ticket)
    assert isinstance(second, Ticket)
    assert (first.id == second.id) == (world == "fold")
    assert not isinstance(found["b"], Ticket)
