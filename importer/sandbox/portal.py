"""One sandbox portal: its store, definitions, switches and everything that lives as long as the process does.

Definitions are what it knows besides its tickets: properties, pipelines, owners, rules, account. They are kept in the
store, held here ready for use, and read anew when anyone has changed them.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from importer.sandbox.access import ALL_SCOPES, TOKEN, Token
from importer.sandbox.answers import Json
from importer.sandbox.faults import Faults
from importer.sandbox.limits import Limiter
from importer.sandbox.options import Limits, Switches
from importer.sandbox.store import Store
from importer.sandbox.values import Acceptor, Clock, acceptor

PIPELINE = "hs_pipeline"
STAGE = "hs_pipeline_stage"
OWNER = "hubspot_owner_id"


@dataclass(slots=True)
class Definitions:
    """All definitions at one moment, and what follows from them."""

    version: int
    properties: dict[str, Json]
    """Every property by name, sensitive and archived ones included."""
    pipelines: list[Json]
    owners: list[Json]
    rules: dict[str, list[Json]]
    conditions: list[Json]
    """`{"if": {property: value}, "required": [property, ...]}`, enforced from 2026-09 on."""
    account: Json
    stages: dict[str, str] = field(default_factory=dict)
    """Pipeline ID by stage ID, of those that can be written."""
    first_stages: dict[str, str] = field(default_factory=dict)
    locked: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    teams: dict[str, str] = field(default_factory=dict)
    """Main team by owner ID."""
    read_only: dict[str, str] = field(default_factory=dict)
    """Property name -> the text of its refusal."""
    unique: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()
    """Writable properties whose values need no more than their acceptor."""
    acceptors: dict[str, Acceptor] = field(default_factory=dict)
    tidy_acceptors: dict[str, Acceptor] = field(default_factory=dict)
    _visible: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)

    @property
    def zone(self) -> str:
        """The portal's time zone, an IANA name."""
        return str(self.account["timeZone"])

    def visible(self, scopes: frozenset[str]) -> frozenset[str]:
        """Names of the properties that a caller with these scopes can see."""
        if scopes not in self._visible:
            self._visible[scopes] = frozenset(
                name
                for name, body in self.properties.items()
                if not body.get("archived") and sensitivity_scope(body) in {"", *scopes}
            )
        return self._visible[scopes]


def sensitivity_scope(body: Json) -> str:
    """The scope that a property of that sensitivity needs; "" for an ordinary one."""
    scopes = {"sensitive": "tickets.sensitive.v2", "highly_sensitive": "tickets.highly_sensitive.v2"}
    return scopes.get(body.get("dataSensitivity", ""), "")


def load(store: Store, switches: Switches) -> Definitions:
    """The definitions as the store has them now."""
    found = Definitions(
        version=store.meta("definitions"),
        properties={body["name"]: body for body in store.definitions("property")},
        pipelines=store.definitions("pipeline"),
        owners=store.definitions("owner"),
        rules={body["propertyName"]: body["propertyValidationRules"] for body in store.definitions("rule")},
        conditions=store.definitions("condition"),
        account=store.definitions("account")[0],
    )
    _derive_pipelines(found)
    _derive_properties(found, switches)
    found.teams = {
        owner["id"]: next((team["id"] for team in owner.get("teams", []) if team["primary"]), "")
        for owner in found.owners
    }
    return found


def _derive_pipelines(found: Definitions) -> None:
    live = [pipeline for pipeline in found.pipelines if not pipeline["archived"]]
    every = [stage for pipeline in found.pipelines for stage in pipeline["stages"]]
    for pipeline in live:
        for stage in pipeline["stages"]:
            if not stage["archived"]:
                found.stages[stage["id"]] = pipeline["id"]
                found.first_stages.setdefault(pipeline["id"], stage["id"])
    found.closed = frozenset(s["id"] for s in every if s["metadata"].get("ticketState") == "CLOSED")
    found.locked = frozenset(s["id"] for s in every if s.get("writePermissions", "") in ("READ_ONLY", "INTERNAL_ONLY"))


def _derive_properties(found: Definitions, switches: Switches) -> None:
    owners = frozenset(owner["id"] for owner in found.owners)
    for name, body in found.properties.items():
        found.acceptors[name] = acceptor(body, owners=owners, switches=switches, tidy_dates=False)
        found.tidy_acceptors[name] = acceptor(body, owners=owners, switches=switches, tidy_dates=True)
        if body.get("calculated") or body["fieldType"].startswith("calculation_"):
            found.read_only[name] = f'"{name}" is a calculated property; its value cannot be set.'
        elif (body.get("modificationMetadata") or {}).get("readOnlyValue"):
            found.read_only[name] = f'"{name}" is a read only property; its value cannot be set.'
    found.unique = frozenset(name for name, body in found.properties.items() if body.get("hasUniqueValue"))
    found.dates = frozenset(name for name, body in found.properties.items() if body["type"] == "date")
    found.plain = frozenset(
        name
        for name in found.visible(frozenset()) - found.read_only.keys() - found.rules.keys() - found.unique
        if found.properties[name]["fieldType"] != "checkbox"
    )


LOG_LENGTH = 500_000
"""Requests that the log remembers."""


@dataclass(slots=True)
class Portal:
    """What every endpoint gets. One thread at a time."""

    store: Store
    limits: Limits
    switches: Switches
    seed: int = 512
    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    tokens: dict[str, Token] = field(default_factory=lambda: {TOKEN: Token(ALL_SCOPES)})
    log: deque[Json] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))
    calls: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a call is answered."""
    limiter: Limiter = field(init=False)
    rng: random.Random = field(init=False)
    definitions: Definitions = field(init=False)
    _data_version: int = -1
    _stale: bool = False

    def __post_init__(self) -> None:
        """Set up what follows from the arguments."""
        self.definitions = load(self.store, self.switches)
        self.limiter = Limiter(self.limits)
        self.rng = random.Random(self.seed)  # noqa: S311 - an order of results, no secret

    def refresh_definitions(self) -> None:
        """Read the definitions anew where another process, or an order, has changed them; once a call."""
        seen = self.store.data_version()
        if seen != self._data_version or self._stale:
            if self.store.meta("definitions") != self.definitions.version:
                self.definitions = load(self.store, self.switches)
            self._data_version, self._stale = seen, False

    def forget_definitions(self) -> None:
        """This process has changed the definitions."""
        self._stale = True
        self.refresh_definitions()

    def unique_key(self, value: str) -> str:
        """A unique value, or a key, as this portal compares it."""
        return value if self.switches.unique_case == "exact" else value.casefold()

    def holders(self, name: str, values: Sequence[str]) -> dict[str, int]:
        """Ticket ID by unique value, as compared, of those values that are held."""
        exact = self.switches.unique_case == "exact"
        return self.store.by_unique(name, [self.unique_key(value) for value in values], exact=exact)

    def now_ms(self) -> int:
        """The portal's time, milliseconds since 1970."""
        return self.clock.now_ms()
