"""Whether a portal is the one that a run began in, and how long it serves the version of the API.

The account's ID says it. Where the account details are refused, a fingerprint does: the hub in the token's name, the
portal's own properties, and its owners, whose IDs no other portal has.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from importer.errors import UsageError
from importer.jobs.options import PortalAccess, Ui
from importer.portal.settings import VERSION_FORM
from schemas.message import Message, message
from schemas.property import PortalSchema

_WARN_FROM = date(2026, 9, 1)
_MONTHS_SERVED = 18
"""A dated version is served so long. Source: HubSpot, date-based API versioning."""
_LITTLE = 0.5
"""The share of own properties from which on two portals may be one, where no owner decides it."""


# --- the same portal again --------------------------------------------------------------------------------------


def fingerprint_of(schema: PortalSchema, token: str) -> dict[str, Any]:
    """Return what distinguishes a portal where its account details are refused. Nothing in it is secret."""
    results = (schema.bodies.get("properties") or {}).get("results") or []
    return {
        "hub": hub_of(token),
        "properties": sorted(str(one["name"]) for one in results if not one.get("hubspotDefined")),
        "owners": sorted(owner.id for owner in schema.owners),
    }


def hub_of(token: str) -> str:
    """Return the place where a token's portal is hosted, as the tokens of private apps name it: `na1`, `eu1`."""
    parts = token.split("-")
    return parts[1] if len(parts) > 2 and parts[0] == "pat" else ""


def is_other_portal(began: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Return whether two fingerprints are of two portals. Definitions and people come and go within one."""
    if began.get("hub") and now.get("hub") and began["hub"] != now["hub"]:
        return True
    owners = set(began.get("owners") or ()), set(now.get("owners") or ())
    if all(owners):
        return owners[0].isdisjoint(owners[1])
    names = set(began.get("properties") or ()), set(now.get("properties") or ())
    return all(names) and len(names[0] & names[1]) < _LITTLE * min(map(len, names))


def check_fingerprint(began: Mapping[str, Any] | None, schema: PortalSchema, token: str) -> None:
    """Raise UsageError `other_portal` where a portal is not the one of that fingerprint."""
    if began and is_other_portal(began, fingerprint_of(schema, token)):
        raise UsageError(
            message(
                "The run was made in another portal: its owners and properties are not those of the one that "
                "HUBSPOT_ACCESS_TOKEN opens. Set it to a token of the first."
            ),
            code="other_portal",
        )


# --- how long the API is served ---------------------------------------------------------------------------------


def version_end(version: str) -> Message | None:
    """Return the month in which HubSpot stops serving an API version; None for an unknown one."""
    version = version.strip().lower()
    if not VERSION_FORM.fullmatch(version):
        return None
    if version.startswith("v"):
        return message("September {year}", year="2027")
    year, month = map(int, version.split("-"))
    year, month = year + (month + _MONTHS_SERVED - 1) // 12, (month + _MONTHS_SERVED - 1) % 12 + 1
    names = {3: message("March {year}", year=str(year)), 9: message("September {year}", year=str(year))}
    return names.get(month) or message("{year}-{month}", year=str(year), month=f"{month:02}")


def tell_version(access: PortalAccess, ui: Ui) -> None:
    """Say when the API version in use ends, where that is worth a line."""
    if notice := version_notice(access.version):
        ui.say(notice)


def version_notice(version: str, today: date | None = None) -> Message | None:
    """Return what is said of the version in use at the beginning of a run: from September 2026 on, when it ends."""
    end = version_end(version)
    if end is None or (today or datetime.now(UTC).date()) < _WARN_FROM:
        return None
    return message("HubSpot's API {version}, which this run uses, ends in {end}.", version=version, end=end)
