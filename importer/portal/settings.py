"""Where the portal is, and what opens it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from importer.errors import UsageError
from schemas.message import message
from schemas.ticket_object import API_ADDRESS

VERSION_FORM = re.compile(r"v[0-9]+|[0-9]{4}-[0-9]{2}")


def is_localhost(host: str) -> bool:
    """Whether a name stands for this machine, whatever a name server says of it. Source: RFC 6761, section 6.3."""
    return host == "localhost" or host.endswith(".localhost")


@dataclass(frozen=True, slots=True)
class PortalSettings:
    """How to reach a portal. `check()` before use.

    version: `v3`, or a dated one such as `2026-03`. max_rate: requests per 10 s of this run at most.
    daily_reserve: per cent of the day's calls that are left to others. home: where runs on this machine share their
    quota; None keeps it to this process. languages: those in which labels are fetched, the one
    that people see first; the portal's own English ones are fetched in any case.
    """

    base_url: str = API_ADDRESS
    token: str = field(default="", repr=False)
    version: str = "v3"
    max_rate: int | None = None
    daily_reserve: float = 5.0
    home: Path | None = None
    languages: tuple[str, ...] = ()

    @property
    def is_loopback(self) -> bool:
        """Whether the address is this machine's own."""
        host = urlsplit(self.base_url).hostname or ""
        if is_localhost(host):
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    def check(self) -> PortalSettings:
        """Return these settings, tidied.

        Raises UsageError `no_token` for a token that is missing or cannot be sent, `unsafe_address` for an address
        that would show the token to others, and one for what isn't a version. The token itself is in no message.
        """
        base_url = self.base_url.strip().rstrip("/")
        token = self.token.strip()
        if not token:
            raise UsageError(
                message(
                    "There is no token. Set HUBSPOT_ACCESS_TOKEN to a service key or a private app's token with the "
                    "scope `tickets`, keep one with `import-tickets login`, or try the embedded portal with --sandbox."
                ),
                code="no_token",
            )
        if bad := next((place for place, sign in enumerate(token, 1) if not "!" <= sign <= "~"), None):
            raise UsageError(
                message(
                    "HUBSPOT_ACCESS_TOKEN holds a character that no token has (number {place} of {length}). Copy the "
                    "token again.",
                    place=bad,
                    length=len(token),
                ),
                code="no_token",
            )
        tidy = replace(self, base_url=base_url, token=token, version=self.version.strip().lower())
        _check_address(tidy)
        if not VERSION_FORM.fullmatch(tidy.version):
            raise UsageError(
                message(
                    'HUBSPOT_API_VERSION is "{version}". Set it to v3, or to a dated version such as 2026-03.',
                    version=self.version,
                )
            )
        return tidy

    def path(self, family: str, rest: str) -> str:
        """Return the path of an endpoint: `path("objects", "tickets/batch/update")`.

        v3: /crm/v3/objects/tickets/batch/update; dated: /crm/objects/2026-03/tickets/batch/update. The account
        family stands outside of /crm in both. Source: HubSpot API versioning.
        """
        if family == "account-info":
            return f"/account-info/{self.version}/{rest}"
        tail = f"/{rest}" if rest else ""
        if self.version.startswith("v"):
            return f"/crm/{self.version}/{family}{tail}"
        return f"/crm/{family}/{self.version}{tail}"


def _check_address(settings: PortalSettings) -> None:
    try:
        parts = urlsplit(settings.base_url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    del port
    fine = parts.scheme in {"http", "https"} and parts.hostname and not parts.query and not parts.fragment
    if not fine or parts.username is not None or any(sign.isspace() for sign in settings.base_url):
        raise UsageError(
            message(
                "HUBSPOT_BASE_URL is not an address of an API; it should look like {url}, without a user name, "
                "`?` or `#`.",
                url=API_ADDRESS,
            ),
            code="unsafe_address",
        )
    if parts.scheme == "http" and not settings.is_loopback:
        raise UsageError(
            message(
                "HUBSPOT_BASE_URL begins with http://, which would show the token to everyone on the way to "
                "{host}. Use https://; plain http is for this machine's own addresses alone.",
                host=parts.hostname or "",
            ),
            code="unsafe_address",
        )
