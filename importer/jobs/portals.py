"""Portals by name: their tokens in the system's keyring, and all else that is known of them in the state folder.

In:  a name, an address and a token that the portal has been asked about.
Out: how to reach a portal by its name. The token is in the keyring alone: no file, argument or output of ours holds it.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace

from importer.errors import FileError, UsageError, cannot_write
from importer.files import write_whole
from importer.jobs.options import PORTAL_OPTION, SANDBOX_OPTION, PortalAccess
from importer.jobs.portal_names import KeptPortal
from importer.jobs.state import StateFolder
from schemas.message import Message, message

DEFAULT_NAME = "default"
"""The portal that is used where neither `--portal` nor HUBSPOT_ACCESS_TOKEN names one."""
_SERVICE = "import-tickets"
_NAME = re.compile(r"[^\W_][\w.-]*")
_LONGEST_NAME = 40
"""Characters; tokens are longer."""


@dataclass(frozen=True, slots=True)
class Portals:
    """The portals kept on this machine, by name."""

    state: StateFolder

    def all(self) -> list[KeptPortal]:
        """Return every portal, in the order of their names. Raises FileError where the list is damaged."""
        path = self.state.home / "portals.json"
        try:
            content = json.loads(path.read_bytes())
            return [KeptPortal(**one) for one in sorted(content, key=lambda one: str(one["name"]))]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise FileError(
                message(
                    "The list of portals {path} cannot be read ({reason}). Remove it and log in again.",
                    path=str(path),
                    reason=str(error),
                )
            ) from error

    def find(self, name: str) -> KeptPortal:
        """Return the portal of that name. Raises UsageError `no_token` with the nearest name where there is none."""
        kept = self.all()
        for one in kept:
            if one.name == name:
                return one
        raise UsageError(_unknown(name, [one.name for one in kept]), code="no_token")

    def keep(self, portal: KeptPortal, token: str) -> None:
        """Keep a portal and its token; one of the same name is replaced.

        Raises UsageError for a name that is no name, or where the system has no keyring.
        """
        check_name(portal.name)
        with _keyring_errors():
            import keyring
            import keyring.errors

            keyring.set_password(_SERVICE, _entry(portal), token)
            if keyring.get_password(_SERVICE, _entry(portal)) != token:  # a keyring that keeps nothing, as `null`
                raise keyring.errors.NoKeyringError
        self._write([*(one for one in self.all() if one.name != portal.name), portal])

    def forget(self, name: str) -> None:
        """Forget a portal and its token. Raises UsageError where there is no such portal."""
        portal = self.find(name)
        with _keyring_errors():
            import keyring
            import keyring.errors

            with contextlib.suppress(keyring.errors.PasswordDeleteError):  # gone already, which is what was asked for
                keyring.delete_password(_SERVICE, _entry(portal))
        self._write([one for one in self.all() if one.name != name])

    def token(self, portal: KeptPortal) -> str:
        """Return a portal's token. Raises UsageError `no_token` where the keyring does not hold it any more."""
        with _keyring_errors():
            import keyring

            found = keyring.get_password(_SERVICE, _entry(portal))
        if not found:
            raise UsageError(
                message(
                    'The keyring no longer has a token for the portal "{name}". Run `import-tickets login {name}`.',
                    name=portal.name,
                ),
                code="no_token",
            )
        return found

    def reach(self, access: PortalAccess, name: str | None) -> PortalAccess:
        """Return how to reach the portal `name`, or the default one where there is neither name nor token.

        `--portal NAME` wins over HUBSPOT_ACCESS_TOKEN, the variable over the default portal.
        """
        if name is None:
            if access.token or access.sandbox or all(one.name != DEFAULT_NAME for one in self.all()):
                return access
            name = DEFAULT_NAME
        portal = self.find(name)
        return replace(access, base_url=portal.base_url, token=self.token(portal), portal=portal)

    def reach_again(self, access: PortalAccess, option: str) -> PortalAccess:
        """Return how to reach the portal of an earlier run whose command named it with `option`.

        That is `access` where the option leads there no longer, or where a served sandbox stands for the embedded one.
        """
        if option == SANDBOX_OPTION:
            is_served = access.token and access.base_url.startswith("http:")  # which only loopback may have
            return access if is_served else replace(access, sandbox=True, portal=None)
        name = option.removeprefix(PORTAL_OPTION)
        is_kept = option.startswith(PORTAL_OPTION) and any(one.name == name for one in self.all())
        return self.reach(access, name) if is_kept else access

    def _write(self, portals: list[KeptPortal]) -> None:
        path = self.state.home / "portals.json"
        content = json.dumps([asdict(one) for one in portals], indent=1).encode()
        try:
            self.state.make_home()
            write_whole(path, lambda stream: stream.write(content), check=lambda private: private.chmod(0o600))
        except OSError as error:
            raise FileError(cannot_write(path, error)) from error


def check_name(name: str) -> None:
    """Raise UsageError where a portal cannot be kept under that name: a token typed in its place least of all."""
    if name.startswith("pat-") or len(name) > _LONGEST_NAME:
        raise UsageError(
            message(
                "That looks like a token, not a name, and the shell keeps what is typed in a command. Leave it out: "
                "the token is asked for. If it was one, replace it in HubSpot."
            )
        )
    if not _NAME.fullmatch(name):
        raise UsageError(
            message(
                '"{name}" cannot name a portal. Take letters, digits, dots, dashes and underscores, beginning '
                "with a letter or digit.",
                name=name,
            )
        )


def kept_portal(name: str, base_url: str, account: Mapping[str, object], *, production: bool) -> KeptPortal:
    """Return what is kept of a portal, by its account details. Source: HubSpot Account information API."""
    return KeptPortal(
        name=name,
        base_url=base_url,
        portal_id=str(account.get("portalId") or ""),
        kind=str(account.get("accountType") or ""),
        production=production,
    )


def _entry(portal: KeptPortal) -> str:
    """Return the keyring's user name for a portal: with the address, so that no other host is sent its token."""
    return f"{portal.name} {portal.base_url}"


def _unknown(name: str, known: list[str]) -> Message:
    from rapidfuzz import process

    if not known:
        return message('There is no portal "{name}" on this machine. Run `import-tickets login {name}`.', name=name)
    near = process.extractOne(name, known, score_cutoff=60)
    if near:
        return message('There is no portal "{name}"; did you mean "{near}"?', name=name, near=near[0])
    return message(
        'There is no portal "{name}". The portals on this machine are: {known}.', name=name, known=", ".join(known)
    )


@contextlib.contextmanager
def _keyring_errors() -> Iterator[None]:
    """Turn what a keyring raises into a UsageError that says what to do."""
    import keyring.errors

    try:
        yield
    except keyring.errors.NoKeyringError as error:
        raise UsageError(
            message(
                "This system has no keyring to keep a token in. Put the token into the environment variable "
                "HUBSPOT_ACCESS_TOKEN instead, or install one (on Linux: gnome-keyring or KWallet)."
            ),
            code="no_token",
        ) from error
    except keyring.errors.KeyringError as error:
        raise UsageError(
            message(
                "The system's keyring did not do what it was asked ({reason}). Unlock it and run again, or put the "
                "token into HUBSPOT_ACCESS_TOKEN.",
                reason=type(error).__name__,
            ),
            code="no_token",
        ) from error
