"""Keep a portal under a name, once it has accepted the token."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from importer.errors import MissingScope, Unauthorized, UsageError
from importer.jobs import connect
from importer.jobs.options import PortalAccess
from importer.jobs.portal_names import KeptPortal
from importer.jobs.portals import Portals, kept_portal
from schemas.message import message


async def log_in(name: str, access: PortalAccess, portals: Portals, *, production: bool) -> KeptPortal:
    """Try the token of `access` at its address, and keep both under `name`.

    A token that may not see the account's details is kept without them: the portal knows it.
    Raises UsageError without a token or a keyring, and the portal's errors; nothing is kept then.
    """
    if not access.token:
        raise UsageError(message("No token was given; nothing is kept."), code="no_token")
    account: Mapping[str, Any] = {}
    async with connect.connect(access, portals.state) as portal:
        with contextlib.suppress(MissingScope):
            try:
                account = await portal.account()
            except Unauthorized as error:
                raise Unauthorized(
                    message(
                        "{url} does not accept the token, so it was not kept: it is wrong, was rotated or has expired.",
                        url=portal.settings.base_url,
                    )
                ) from error
        kept = kept_portal(name, portal.settings.base_url, account, production=production)
    portals.keep(kept, access.token)
    return kept
