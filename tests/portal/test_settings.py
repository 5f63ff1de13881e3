"""The token goes to nobody but the portal, and is shown to nobody at all."""

import pytest

from importer.errors import UsageError
from importer.portal import Portal, PortalSettings

TOKEN = "pat-na1-11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    "url",
    [
        "https://api.hubapi.com",
        "https://api.hubapi.com/",
        " https://gateway.example/hubspot/ ",
        "http://127.0.0.1:8080",
        "http://127.1.2.3",
        "http://localhost:9",
        "http://portal.localhost",
        "http://[::1]:80",
    ],
)
def test_addresses_that_are_safe(url):
    checked = PortalSettings(url, TOKEN).check()

    assert checked.base_url == url.strip().rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.hubapi.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://10.0.0.1",
        "HTTP://api.hubapi.com",
        "ftp://127.0.0.1",
        "api.hubapi.com",
        "https://",
        "",
        "https://user:secret@api.hubapi.com",
        "https://api.hubapi.com?x=1",
        "https://api.hubapi.com#x",
        "https://api.hubapi.com:port",
        "https://api hubapi.com",
        "https://[::1",
        "https://\u2025.example",
    ],
)
def test_addresses_that_are_not(url):
    with pytest.raises(UsageError) as raised:
        Portal(PortalSettings(url, TOKEN))

    assert (raised.value.code, raised.value.exit_code) == ("unsafe_address", 2)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("token", ["", "  ", "\n"])
def test_a_missing_token(token):
    with pytest.raises(UsageError, match="HUBSPOT_ACCESS_TOKEN") as raised:
        PortalSettings(token=token).check()

    assert raised.value.code == "no_token"


@pytest.mark.parametrize("token", ["pat-na1 secret", "pat\r\nX-Evil: 1", "pat-\u2013secret", "pat\x00", "sécret"])
def test_a_token_that_a_header_cannot_hold_is_refused_without_showing_it(token):
    with pytest.raises(UsageError, match=r"number \d+ of \d+") as raised:
        PortalSettings(token=token).check()

    assert raised.value.code == "no_token"
    assert token not in str(raised.value)
    assert "cret" not in str(raised.value)


def test_blanks_around_a_token_are_a_slip_of_copying():
    assert PortalSettings(token=f" {TOKEN}\n").check().token == TOKEN


def test_the_token_is_in_no_repr():
    assert TOKEN not in repr(PortalSettings(token=TOKEN))


@pytest.mark.parametrize(
    ("version", "family", "rest", "path"),
    [
        ("v3", "objects", "tickets/batch/update", "/crm/v3/objects/tickets/batch/update"),
        ("2026-03", "objects", "tickets/batch/update", "/crm/objects/2026-03/tickets/batch/update"),
        ("2026-03", "properties", "tickets", "/crm/properties/2026-03/tickets"),
        ("2026-09", "owners", "", "/crm/owners/2026-09"),
        ("v3", "owners", "", "/crm/v3/owners"),
        ("v3", "account-info", "details", "/account-info/v3/details"),
        ("2026-03", "account-info", "details", "/account-info/2026-03/details"),
        ("2026-03", "property-validations", "0-5", "/crm/property-validations/2026-03/0-5"),
    ],
)
def test_paths_follow_the_version(version, family, rest, path):
    assert PortalSettings(version=version).path(family, rest) == path
