"""One sandbox portal: its store, definitions, switches and everything that lives as long as the process does."""

from __future__ import annotations

import random
from collections import deque
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
    limiter: Limiter = field(init=False)
    rng: random.Random = field(init=False)
    _definitions: Definitions | None = None
    _data_version: int = -1

    def __post_init__(self) -> None:
        """Set up what follows from the arguments."""
        self.limiter = Limiter(self.limits)
        self.rng = random.Random(self.seed)  # noqa: S311 - an order of results, no secret

    @property
    def definitions(self) -> Definitions:
        """The definitions, as fresh as the store."""
        seen = self.store.data_version()
        if self._definitions is None or (
            seen != self._data_version and self.store.meta("definitions") != self._definitions.version
        ):
            self._definitions = load(self.store, self.switches)
        self._data_version = seen
        return self._definitions

    def forget_definitions(self) -> None:
        """Read the definitions anew at the next call: this process has changed them."""
        self._definitions = None

    def now_ms(self) -> int:
        """The portal's time, milliseconds since 1970."""
        return self.clock.now_ms()
