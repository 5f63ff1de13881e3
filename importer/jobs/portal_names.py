"""What portals are called before people, and the portals that `login` keeps by a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from schemas.message import Message, message
from schemas.property import PortalSchema

_KINDS: Mapping[str, Message] = {
    "STANDARD": message("standard account"),
    "SANDBOX": message("sandbox account"),
    "DEVELOPER_TEST": message("developer test account"),
    "APP_DEVELOPER": message("developer account"),
}
"""Kinds of account. Source: HubSpot Account information API, `accountType`."""


def portal_name(schema: PortalSchema, base_url: str = "", name: str = "") -> Message | None:
    """Return what the portal is called: its ID and kind, else its address; None where neither is known.

    name: the one that it was kept under, which comes first.
    """
    if not schema.portal_id and not base_url:
        return None
    kind = str((schema.bodies.get("account") or {}).get("accountType") or "")
    return called(schema.portal_id, kind, base_url, name)


def called(portal_id: str, kind: str, base_url: str, name: str = "") -> Message:
    """Return what people call a portal, by its ID, HubSpot's `accountType`, its address and its name here.

    Translations have no article where English has one: sentences put it before the portal.
    """
    if portal_id and kind in _KINDS:
        known = _KINDS[kind]
        if name:
            return message('"{name}", portal {portal} ({kind})', name=name, portal=portal_id, kind=known)
        return message("portal {portal} ({kind})", portal=portal_id, kind=known)
    if portal_id:
        if name:
            return message('"{name}", portal {portal}', name=name, portal=portal_id)
        return message("portal {portal}", portal=portal_id)
    host = urlsplit(base_url).netloc
    if name:
        return message('"{name}", the portal at {host}', name=name, host=host)
    return message("the portal at {host}", host=host)


@dataclass(frozen=True, slots=True)
class KeptPortal:
    """A portal that `login` knows. `kind` is HubSpot's `accountType`; `production`: its name is asked for, not `y`."""

    name: str
    base_url: str
    portal_id: str = ""
    kind: str = ""
    production: bool = False

    @property
    def called(self) -> Message:
        """What it is called before people: its ID and kind, or its address where the account was not shown."""
        return called(self.portal_id, self.kind, self.base_url)

    def as_json(self) -> dict[str, object]:
        return {
            "portal": self.name,
            "portal_id": self.portal_id,
            "kind": self.kind,
            "base_url": self.base_url,
            "production": self.production,
        }
