"""Look at everything a run depends on, and say in plain words how to fix what is wrong.

In:  how to reach the portal, the state folder, the environment.
Out: checks in the order in which one would fix them. Nothing is changed, and the token is in no text.
"""

from __future__ import annotations

import os
import platform
import shutil
import stat
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from importer import __version__
from importer.errors import UsageError, cannot_write
from importer.jobs import connect
from importer.jobs.options import PortalAccess
from importer.jobs.state import StateFolder
from importer.jobs.which_portal import version_end
from importer.portal.settings import VERSION_FORM
from schemas.message import Message, message
from schemas.ticket_object import TICKET

if TYPE_CHECKING:
    from importer.portal import Portal
    from importer.portal.retries import Reply

State = Literal["ok", "warning", "problem"]

LIBRARIES = ("httpx", "openpyxl", "orjson", "pandas", "pandera", "python-calamine", "rich")
LITTLE_SPACE, MUCH_TOO_LITTLE_SPACE = 1 << 30, 50 << 20
"""Bytes. A journal of 100,000 rows takes some tens of millions."""
SKEW_S = 120
"""Seconds between our clock and the portal's from which conflicts would be judged wrongly."""
MANY_BITS = 0o077
SETTINGS_PAGE = message("HubSpot: Settings, Integrations, Private apps; or Development, Keys, Service keys")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `ours`: it is fixed on this machine, not in the portal."""

    name: str
    state: State
    text: Message
    remedy: Message | None = None
    ours: bool = False


def exit_code_of(checks: Sequence[Check]) -> int:
    """Return 0 where nothing is a problem; 2 where something on our side is, else 3: the portal or the way to it."""
    problems = [one for one in checks if one.state == "problem"]
    if not problems:
        return 0
    return 2 if any(one.ours for one in problems) else 3


def as_json(checks: Sequence[Check]) -> dict[str, Any]:
    return {
        "checks": [
            {
                "check": one.name,
                "status": one.state,
                "message": str(one.text),
                "remedy": str(one.remedy) if one.remedy else None,
            }
            for one in checks
        ],
        "exit_code": exit_code_of(checks),
    }


async def examine(access: PortalAccess, state: StateFolder, environ: Mapping[str, str]) -> list[Check]:
    """Return all checks: this machine's, then the portal's. Nothing is raised for what is wrong."""
    checks = [*_versions(), *_folder(state), *_proxies(environ, access)]
    if not VERSION_FORM.fullmatch(access.version.strip().lower()):
        checks.append(
            Check(
                "version",
                "problem",
                message('HUBSPOT_API_VERSION is "{version}".', version=access.version),
                message("Set it to v3, or to a dated version such as 2026-03."),
                ours=True,
            )
        )
        return checks
    try:
        async with connect.connect(access, state) as portal:
            checks.append(Check("token", "ok", message("A token is set.")))
            checks += [one async for one in _portal(portal)]
    except UsageError as error:
        checks.append(Check(error.code or "settings", "problem", error.text, ours=True))
    return checks


# --- this machine -----------------------------------------------------------------------------------------------


def _versions() -> list[Check]:
    found = [f"{name} {_version_of(name)}" for name in LIBRARIES]
    text = message(
        "import-tickets {version}, Python {python} on {system}; {libraries}",
        version=__version__,
        python=platform.python_version(),
        system=platform.system(),
        libraries=", ".join(found),
    )
    lacking = [name for name in LIBRARIES if _version_of(name) == "-"]
    if not lacking:
        return [Check("versions", "ok", text)]
    remedy = message("Install the program again; it lacks {libraries}.", libraries=", ".join(lacking))
    return [Check("versions", "problem", text, remedy, ours=True)]


def _version_of(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"


def _folder(state: StateFolder) -> list[Check]:
    home = state.home
    where = message("Runs are kept in {path}.", path=str(home))
    elsewhere = message("Set IMPORT_TICKETS_HOME to a folder that can be written.")
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home) as file:
            file.write(b"x")
        free = shutil.disk_usage(home).free
    except OSError as error:
        return [Check("state_folder", "problem", cannot_write(home, error), elsewhere, ours=True)]
    checks = [Check("state_folder", "ok", where)]
    if os.name == "posix":
        checks += [_privacy(path) for path in (home, state.runs) if path.is_dir() and _mode(path) & MANY_BITS]
    megabytes = free >> 20
    if free < LITTLE_SPACE:
        checks.append(
            Check(
                "free_space",
                "problem" if free < MUCH_TOO_LITTLE_SPACE else "warning",
                message("{count} MB are free there.", count=megabytes),
                message("Make room, or remove old runs with `import-tickets runs purge --older-than 90d`."),
                ours=True,
            )
        )
    return checks


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _privacy(path: Path) -> Check:
    return Check(
        "state_folder",
        "warning",
        message("Other users of this machine may read {path}, where ticket data is kept.", path=str(path)),
        message("Close it with: chmod 700 {path}", path=str(path)),
        ours=True,
    )


def _proxies(environ: Mapping[str, str], access: PortalAccess) -> list[Check]:
    """Return what leads requests elsewhere: proxies by their hosts alone, since their addresses may hold passwords."""
    checks = []
    names = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
    found = next(((name, environ[name]) for name in names if environ.get(name)), None)
    if found is not None and not access.sandbox:
        host = _host(found[1])
        bypassed = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
        text = message("Requests go through the proxy {host} ({name}).", host=host, name=found[0])
        remedy = message(
            "If the portal is out of reach, ask who runs that proxy to let {portal} through; NO_PROXY is {bypassed}.",
            portal=_host(access.base_url),
            bypassed=f'"{bypassed}"' if bypassed else message("empty"),
        )
        checks.append(Check("proxy", "warning", text, remedy, ours=True))
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if (path := environ.get(name)) and not Path(path).exists():
            text = message("{name} names {path}, which does not exist.", name=name, path=path)
            remedy = message("Unset {name}, or let it name your certificates.", name=name)
            checks.append(Check("certificates", "problem", text, remedy, ours=True))
    return checks


def _host(address: str) -> str:
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        host, port = parts.hostname or "?", parts.port
    except ValueError:
        return "?"
    return f"{host}:{port}" if port else host


# --- the portal -------------------------------------------------------------------------------------------------


async def _portal(portal: Portal) -> AsyncIterator[Check]:
    """Ask one endpoint of each kind; stop where further questions would have the same answer."""
    path = portal.settings.path
    address = portal.settings.base_url
    account = await portal.probe(path("account-info", "details"))
    broken = _broken(account, portal)
    if broken is not None:
        yield broken
        return
    yield Check(
        "address", "ok", message("{url} answers (version {version}).", url=address, version=portal.settings.version)
    )
    if end := version_end(portal.settings.version):
        text = message("HubSpot serves API version {version} until {end}.", version=portal.settings.version, end=end)
        yield Check("version", "ok", text)
    if skew := _skew(account, portal.clock.time()):
        yield skew
    body = account.body if isinstance(account.body, dict) else {}
    zone = str(body.get("timeZone") or "UTC")
    if account.status == HTTPStatus.OK:
        text = message(
            "The token is accepted by portal {portal} ({zone}).", portal=str(body.get("portalId")), zone=zone
        )
        yield Check("accepted", "ok", text)
    for check in (
        await _scope(portal, "tickets", path("objects", TICKET.path), {"limit": "1"}),
        await _scope(portal, "schema", path("properties", TICKET.path), {"properties": TICKET.title}),
        await _scope(portal, "pipelines", path("pipelines", TICKET.path), {}),
        await _scope(portal, "owners", path("owners", ""), {"limit": "1"}),
        await _scope(portal, "rules", path("property-validations", TICKET.type_id), {}),
        await _scope(portal, "sensitive", path("properties", TICKET.path), {"dataSensitivity": "sensitive"}),
    ):
        yield check
    yield await _limits(portal)


def _broken(reply: Reply, portal: Portal) -> Check | None:
    """Return why the portal cannot be asked further, or None where it can."""
    url = portal.settings.base_url
    if reply.status is None:
        return Check(
            "address",
            "problem",
            message("{url} is out of reach ({reason}).", url=url, reason=reply.problem),
            message("Check the network, proxies and HUBSPOT_BASE_URL; then try again."),
        )
    if reply.status == HTTPStatus.UNAUTHORIZED:
        return Check(
            "token",
            "problem",
            message("The portal does not accept the token: it is wrong, expired or was rotated."),
            message(
                "Copy it again into HUBSPOT_ACCESS_TOKEN, or log in again with `import-tickets login`. It is found "
                "under: {place}.",
                place=SETTINGS_PAGE,
            ),
        )
    if not reply.readable and reply.status == HTTPStatus.NOT_FOUND:
        return Check(
            "version",
            "problem",
            message("{url} has no paths of version {version}.", url=url, version=portal.settings.version),
            message("Check HUBSPOT_BASE_URL, and set HUBSPOT_API_VERSION to v3 or to a dated version such as 2026-03."),
        )
    if not reply.readable or reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Check(
            "address",
            "problem",
            message("{url} does not answer as HubSpot's API does ({reason}).", url=url, reason=reply.problem),
            message("Check HUBSPOT_BASE_URL; if it is right, the portal is down: try again later."),
        )
    return None


def _skew(reply: Reply, now: float) -> Check | None:
    """Return how far our clock is from the portal's, by the Date of its answer (RFC 9110, 6.6.1); None without one."""
    try:
        there = parsedate_to_datetime(reply.headers.get("date", "")).timestamp()
    except ValueError:
        return None
    skew = round(now - there)
    if abs(skew) < SKEW_S:
        return Check("clock", "ok", message("This clock and the portal's agree."))
    text = (
        message("This clock is {count} seconds ahead of the portal's.", count=skew)
        if skew > 0
        else message("This clock is {count} seconds behind the portal's.", count=-skew)
    )
    return Check(
        "clock",
        "warning",
        text,
        message("Set the clock: it decides which changes in the portal are newer than the sheet."),
        ours=True,
    )


_OPENED: dict[str, Message] = {
    "tickets": message("Tickets can be read."),
    "schema": message("Ticket properties can be read."),
    "pipelines": message("Pipelines can be read."),
    "owners": message("Owners can be read."),
    "rules": message("Validation rules can be read."),
    "sensitive": message("Sensitive properties can be read."),
}
_NEEDED = {"tickets", "schema"}


async def _scope(portal: Portal, name: str, path: str, query: Mapping[str, str]) -> Check:
    from importer.portal.responses import parse_fault

    reply = await portal.probe(path, query=query)
    if reply.status == HTTPStatus.OK:
        return Check(name, "ok", _OPENED[name])
    if reply.status != HTTPStatus.FORBIDDEN:
        text = message("{path} does not answer as expected ({reason}).", path=path, reason=reply.problem)
        return Check(name, "problem" if name in _NEEDED else "warning", text, message("Try again later."))
    if name == "sensitive":
        return Check(name, "ok", message("Sensitive properties are not open to this token; they would look unknown."))
    body = reply.body if isinstance(reply.body, dict) else {}
    scopes = ", ".join(parse_fault(body, scrub=str).scopes[:5]) or "?"
    remedy = message("Add the scope to the key. It is found under: {place}.", place=SETTINGS_PAGE)
    return Check(name, "problem" if name in _NEEDED else "warning", _lack(name, scopes), remedy)


def _lack(name: str, scopes: str) -> Message:
    """Return what the lack of a scope costs; any one of `scopes` is enough."""
    if name == "pipelines":
        return message("The token lacks a scope for pipelines ({scopes}): stages go by ID alone.", scopes=scopes)
    if name == "owners":
        return message("The token lacks the scope for owners ({scopes}): owners go by ID alone.", scopes=scopes)
    if name == "rules":
        return message(
            "The token lacks a scope for rules ({scopes}), so only the portal can apply them.", scopes=scopes
        )
    return message("The token lacks a scope that every run needs ({scopes}).", scopes=scopes)


async def _limits(portal: Portal) -> Check:
    """Return what the portal allows and how many of the day's calls are left, by its headers or its usage page."""
    reply = await portal.probe(portal.settings.path("account-info", "api-usage/daily/private-apps"))
    limits = portal.limits
    daily, left = limits.daily, limits.daily_remaining
    if not daily and isinstance(reply.body, dict):
        daily, left = _usage(reply.body)
    if not limits.max_requests:
        return Check("limits", "ok", message("The portal doesn't report its limits."))
    requests, seconds = limits.max_requests, f"{limits.interval_s:g}"
    if not daily:
        text = message("The portal allows {requests} requests in {seconds} s.", requests=requests, seconds=seconds)
        return Check("limits", "ok", text)
    text = message(
        "The portal allows {requests} requests in {seconds} s; {left} of {daily} calls of this day are left.",
        requests=requests,
        seconds=seconds,
        left=left,
        daily=daily,
    )
    reserve = portal.settings.daily_reserve
    if left > daily * reserve / 100:
        return Check("limits", "ok", text)
    remedy = message(
        "They come back at midnight in the portal's time zone; until then a run would stop, since {reserve} % are left "
        "to others (--daily-reserve).",
        reserve=f"{reserve:g}",
    )
    return Check("limits", "problem", text, remedy)


def _usage(body: Mapping[str, Any]) -> tuple[int, int]:
    """Return the calls of a day and those left, as the usage endpoint has them; zeros where it does not say."""
    for one in body.get("results") or ():
        limit, used = one.get("usageLimit"), one.get("currentUsage")
        if isinstance(limit, int) and isinstance(used, int):
            return limit, max(0, limit - used)
    return 0, 0
