"""One ticket that cannot be read keeps no other from being read: refused, failing to the end, or behind a firewall."""

import pytest

from importer.errors import Unavailable
from importer.portal import Missing, Refused, Ticket
from tests.portal.test_client import READ, ask, find

FIREWALL = "<html><head><title>Request blocked</title></head><body>Access denied by the firewall.</body></html>"


@pytest.fixture
def live(server):
    return [key for key, one in server.tickets().items() if not one["archived"] and not one["merged_into"]]


def unreadable(found):
    return {key: str(one.error) for key, one in found.items() if isinstance(one, Missing)}


@pytest.mark.parametrize("place", [0, 49, 99, 149])
def test_a_ticket_whose_reads_fail(server, live, place):
    """Five hundred to the end: its batch is divided until it is alone, in few requests."""
    body = {"status": "error", "message": "internal error"}
    server.fault("status", status=500, body=body, path=READ, holds=f'"{live[place]}"', times=None)

    found = find(server, live[:150])

    assert list(unreadable(found)) == [live[place]]
    assert "HTTP 500: internal error" in unreadable(found)[live[place]]
    assert len(server.requests(READ)) <= 2 + 5 + 3 * 7 + 7


def test_several_tickets_whose_reads_fail(server, live):
    for key in live[10:150:50]:
        server.fault("status", status=502, path=READ, holds=f'"{key}"', times=None)

    assert list(unreadable(find(server, live[:150]))) == live[10:150:50]


def test_a_ticket_behind_a_firewall(server, live):
    """A page is not the portal's 403: no scope is missing."""
    server.fault("status", status=403, html=True, body=FIREWALL, path=READ, holds=f'"{live[7]}"', times=None)

    found = find(server, live[:120])

    assert unreadable(found) == {
        live[7]: "Something on the way to the portal (a firewall or a proxy) refused a request: "
        "HTTP 403 Request blocked Access denied by the firewall."
    }


@pytest.mark.parametrize("status", [414, 500])
def test_a_ticket_that_no_batch_shows_and_no_single_read(server, live, status):
    """It is not called missing, since nobody said so."""
    server.fault("drop_results", path=READ, drop=1, times=None)
    key = next(key for key, one in find(server, live[:1]).items() if isinstance(one, Ticket))
    server.fault("status", status=status, html=True, path=f"tickets/{key}", times=None)

    found = find(server, live[:1])

    assert found[key].kind == "unreadable"
    assert f"HTTP {status}" in str(found[key].error)


def test_a_portal_that_is_down_is_not_asked_for_each_ticket(server, live):
    """However the waits fall out: two batches fail before the third, and five of their parts, divided each time."""
    server.fault("status", status=500, path=READ, times=None)
    parts = 2 * 2 + 5 * 2

    with pytest.raises(Unavailable):
        find(server, live[:400])
    assert len(server.requests(READ)) <= 4 * 6 + parts * 3

    server.forget_requests()
    with pytest.raises(Unavailable):
        find(server, live[:80])
    assert len(server.requests(READ)) <= 6 + parts * 3


def test_a_firewall_that_lets_nothing_through(server, live):
    server.fault("status", status=403, html=True, body=FIREWALL, path=READ, times=None)

    with pytest.raises(Refused, match="firewall or a proxy"):
        find(server, live[:400])


def test_no_address_is_too_long(server, live):
    """Names of many properties stand in several addresses."""
    server.switch(merged_read="left_out")
    server.merge(live[0], live[1])
    names = [f"long_name_{n:03}_{'x' * 80}" for n in range(300)]

    found, _ = ask(server, lambda portal: portal.find_tickets([live[0], live[2]], properties=names))

    assert found[live[0]].kind == "merged"
    assert {one["status"] for one in server.requests(f"tickets/{live[0]}")} == {200}
