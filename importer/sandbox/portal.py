"""One sandbox portal: its store, definitions, switches and everything that lives as long as the process does."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from importer.sandbox.access import ALL_SCOPES, TOKEN, Token
from importer.sandbox.answers import Json
from importer.sandbox.definitions import Definitions, load
from importer.sandbox.faults import Faults
from importer.sandbox.limits import Limiter
from importer.sandbox.options import Limits, Switches
from importer.sandbox.store import Store
from importer.sandbox.times import Clock

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
