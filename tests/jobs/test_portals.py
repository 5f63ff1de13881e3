"""Portals by name: the token in the keyring alone, everything else in the state folder."""

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from importer.errors import FileError, UsageError
from importer.jobs.options import PortalAccess
from importer.jobs.portal_names import KeptPortal
from importer.jobs.portals import Portals
from importer.jobs.state import StateFolder

TOKEN = "pat-na1-kept-in-the-keyring"
SALES = KeptPortal("sales", "https://api.hubapi.com", "4242", "STANDARD", production=True)


class MemoryKeyring(KeyringBackend):
    """A keyring that lives as long as the test."""

    priority = 1

    def __init__(self):
        super().__init__()
        self.kept = {}

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def delete_password(self, service, username):
        if (service, username) not in self.kept:
            raise keyring.errors.PasswordDeleteError
        del self.kept[service, username]


@pytest.fixture
def ring():
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    yield keyring.get_keyring()
    keyring.set_keyring(before)


@pytest.fixture
def portals(tmp_path, ring):
    return Portals(StateFolder(tmp_path / "state"))


def test_a_portal_is_kept_and_reached_by_its_name(portals):
    portals.keep(SALES, TOKEN)

    access = portals.reach(PortalAccess(token="of-the-environment"), "sales")

    assert portals.all() == [SALES]
    assert (access.token, access.base_url, access.portal) == (TOKEN, SALES.base_url, SALES)


def test_the_token_is_in_no_file(portals):
    portals.keep(SALES, TOKEN)

    kept = [path.read_bytes() for path in portals.state.home.rglob("*") if path.is_file()]

    assert kept
    assert all(TOKEN.encode() not in content for content in kept)


def test_the_variable_wins_over_the_default_portal(portals):
    portals.keep(KeptPortal("default", "https://api.hubapi.com"), TOKEN)

    assert portals.reach(PortalAccess(token="mine"), None).token == "mine"
    assert portals.reach(PortalAccess(), None).token == TOKEN


def test_without_a_default_nothing_is_reached_by_name(portals):
    portals.keep(SALES, TOKEN)

    assert portals.reach(PortalAccess(), None).token == ""


def test_a_forgotten_portal_is_gone_with_its_token(portals, ring):
    portals.keep(SALES, TOKEN)

    portals.forget("sales")

    assert portals.all() == []
    assert ring.kept == {}


def test_an_unknown_name_is_told_with_the_nearest(portals):
    portals.keep(SALES, TOKEN)

    with pytest.raises(UsageError, match='did you mean "sales"'):
        portals.find("sale")


def test_a_name_that_is_none_is_refused(portals):
    with pytest.raises(UsageError, match="cannot name a portal"):
        portals.keep(KeptPortal("../sales", "https://api.hubapi.com"), TOKEN)


def test_a_token_that_left_the_keyring_is_asked_for_again(portals, ring):
    portals.keep(SALES, TOKEN)
    ring.kept.clear()

    with pytest.raises(UsageError, match="import-tickets login sales"):
        portals.reach(PortalAccess(), "sales")


def test_where_there_is_no_keyring_it_says_what_to_do(portals):
    keyring.set_keyring(NoKeyring())

    with pytest.raises(UsageError, match="HUBSPOT_ACCESS_TOKEN"):
        portals.keep(SALES, TOKEN)


def test_a_damaged_list_says_so(portals):
    portals.keep(SALES, TOKEN)
    (portals.state.home / "portals.json").write_text("{")

    with pytest.raises(FileError, match="log in again"):
        portals.all()
