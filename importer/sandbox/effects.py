"""What the portal changes by itself when a ticket is changed: closing and opening, stages entered, owners' teams."""

from __future__ import annotations

from importer.sandbox.definitions import OWNER, STAGE, Definitions
from importer.sandbox.options import Switches
from importer.sandbox.times import iso, parse_ms

Values = dict[str, str]


def effects(before: Values, changed: Values, *, known: Definitions, switches: Switches, now_ms: int) -> Values:
    """Further values to set ("" clears), given the values before and those that change.

    Source: HubSpot's default ticket properties: closing sets `closed_date`, a new owner moves
    `hubspot_owner_assigneddate` and `hubspot_team_id`, every stage has its dates of entry and exit.
    """
    more: Values = {}
    if OWNER in changed:
        owner = changed[OWNER]
        more["hubspot_owner_assigneddate"] = iso(now_ms) if owner else ""
        more["hubspot_team_id"] = known.teams.get(owner, "")
        more["hs_all_owner_ids"] = owner
    if STAGE in changed:
        more |= _stage_moved(before, changed, known=known, switches=switches, now=iso(now_ms))
    return {name: value for name, value in more.items() if value or name in before}


def _stage_moved(before: Values, changed: Values, *, known: Definitions, switches: Switches, now: str) -> Values:
    old, new = before.get(STAGE, ""), changed[STAGE]
    more = {
        name: now
        for name in (
            f"hs_v2_date_entered_{new}",
            f"hs_date_entered_{new}",
            f"hs_v2_date_exited_{old}",
            f"hs_date_exited_{old}",
        )
        if name in known.properties
    }
    was_closed, is_closed = old in known.closed, new in known.closed
    if is_closed and not was_closed:
        if not changed.get("closed_date") or switches.closed_date_sent == "loses":
            more["closed_date"] = now
        closed_ms = parse_ms(more.get("closed_date") or changed["closed_date"]) or 0
        created_ms = parse_ms(changed.get("createdate") or before.get("createdate", "")) or closed_ms
        more["hs_last_closed_date"] = now
        more["time_to_close"] = str(max(0, closed_ms - created_ms))
    if was_closed and not is_closed:
        more["hs_ticket_reopened_at"] = now
        if switches.reopened_closed_date == "cleared" and "closed_date" not in changed:
            more |= {"closed_date": "", "time_to_close": ""}
    return more
