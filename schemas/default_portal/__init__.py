"""The ticket schema of a fresh portal, as JSON files in the API's own shapes.

properties.json    body of GET /crm/v3/properties/tickets: the 198 properties HubSpot defines, alphabetical by name
pipelines.json     body of GET /crm/v3/pipelines/tickets: the built-in pipeline `0` with its four stages
owners.json        body of GET /crm/v3/owners: nobody yet
validations.json   body of GET /crm/v3/property-validations/0-5: no rules yet
account.json       body of GET /account-info/v3/details: no portal (`portalId` 0), UTC

Names, labels, types, flags and options are facts of a portal's schema as recorded in late 2025; the descriptions are
ours. Two lists are filled in by hand: which of the properties belong to the group `ticket_activity`, and the 171
languages of `hs_ticket_language_ai_tag`, for which the ISO codes of the usual language detectors stand.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

NAMES = ("properties", "pipelines", "owners", "validations", "account")


def body(name: str) -> dict[str, Any]:
    """The body that the endpoint of that name answers; `name` is one of NAMES. A new object at each call."""
    if name not in NAMES:
        raise ValueError(f"no such part of the default portal: {name}")
    text = resources.files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
