"""Who may ask what: tokens, their scopes, and the portal's 401 and 403."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from importer.sandbox.answers import Refused, refuse
from importer.sandbox.values import DAY_MS, iso

TOKEN = "pat-na1-5a9d0b0e-0512-4c0d-8f00-000000000512"  # noqa: S105 - opens the sandbox, which holds invented tickets
"""The sandbox's own token: all scopes, never expires."""

TICKETS = "tickets"
OWNERS = "crm.objects.owners.read"
ALL_SCOPES = frozenset(
    {TICKETS, "tickets.sensitive.v2", "tickets.highly_sensitive.v2", "crm.schemas.tickets.read", OWNERS, "oauth"}
)


@dataclass(slots=True)
class Token:
    """What a bearer token is good for. `expired_ms`: when it expired (None = it has not)."""

    scopes: frozenset[str]
    expired_ms: int | None = None


def admit(tokens: dict[str, Token], token: str, *, now_ms: int, garbage_expired: bool) -> Token:
    """The token's rights; Refused with 401 where it has none."""
    known = tokens.get(token)
    if known is None and token and garbage_expired:
        raise _expired(0, now_ms)
    if known is None:
        raise refuse(
            401,
            "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more "
            "details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
            category="INVALID_AUTHENTICATION",
        )
    if known.expired_ms is not None and known.expired_ms <= now_ms:
        raise _expired(known.expired_ms, now_ms)
    return known


def _expired(at_ms: int, now_ms: int) -> Refused:
    days, rest = divmod(now_ms - at_ms, DAY_MS)
    ago = f"{days} day(s)" if days else f"{rest // 1000} second(s)"
    return refuse(
        401,
        f"The OAuth token used to make this call expired {ago} ago.",
        category="EXPIRED_AUTHENTICATION",
        context={"expire time": [iso(at_ms)]},
    )


def demand(scopes: frozenset[str], any_of: Collection[str]) -> None:
    """Refused with 403 unless one of the scopes is there; no demand where none is named."""
    if any_of and scopes.isdisjoint(any_of):
        raise missing_scopes(any_of)


def missing_scopes(any_of: Collection[str]) -> Refused:
    """The 403 that names the scopes, any one of which would do."""
    return refuse(
        403,
        "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: "
        "https://developers.hubspot.com/scopes.",
        category="MISSING_SCOPES",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": sorted(any_of)},
            }
        ],
        links={"scopes": "https://developers.hubspot.com/scopes"},
    )
