"""Time, and the wish to stop: what every wait for the portal depends on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Clock:
    """The time, and waiting for it to pass. `speed` makes waits shorter: at 60, a minute takes a second."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._start = time.monotonic()
        self._start_time = time.time()

    def tick(self) -> float:
        """Return seconds that only go forward, from no moment in particular."""
        return self._start + (time.monotonic() - self._start) * self._speed

    def time(self) -> float:
        """Return seconds since 1970, the same in all processes of this machine while `speed` is 1."""
        return time.time() if self._speed == 1 else self._start_time + self.tick() - self._start

    async def sleep(self, seconds: float) -> None:
        """Return once `seconds` have passed."""
        await asyncio.sleep(seconds / self._speed)


class Halted(Exception):
    """A wait was given up, and the request after it not sent, because a stop was asked for."""


class StopSignal:
    """Asks those who wait for the portal to stop. It may be set from a signal handler or another thread."""

    def __init__(self) -> None:
        self._is_set = False
        self.graceful = False
        """Whether something is in flight that must be finished; otherwise whoever asks may leave at once."""
        self._listeners: list[Callable[[], None]] = []

    @property
    def is_set(self) -> bool:
        """Whether a stop was asked for."""
        return self._is_set

    def set(self) -> None:
        self._is_set = True
        for listener in list(self._listeners):
            listener()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` when a stop is asked for, at once if it already was; return what ends the listening."""
        self._listeners.append(listener)
        if self._is_set:
            listener()
        return lambda: self._listeners.remove(listener)

    def check(self) -> None:
        """Raise Halted if a stop was asked for."""
        if self._is_set:
            raise Halted

    async def race(self, work: asyncio.Future[None]) -> None:
        """Wait for `work`, which is cancelled if a stop is asked for first; then raise Halted."""
        loop = asyncio.get_running_loop()
        asked: asyncio.Future[None] = loop.create_future()

        def wake() -> None:
            loop.call_soon_threadsafe(lambda: None if asked.done() else asked.set_result(None))

        forget = self.listen(wake)
        try:
            await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            forget()
            asked.cancel()
            if not work.done():
                work.cancel()
        if not work.done() or work.cancelled():
            raise Halted
        work.result()


async def pause(clock: Clock, seconds: float, stop: StopSignal | None) -> None:
    """Return once `seconds` have passed. Raises Halted as soon as a stop is asked for."""
    if seconds <= 0:
        return
    if stop is None:
        await clock.sleep(seconds)
        return
    await stop.race(asyncio.ensure_future(clock.sleep(seconds)))


async def together(*works: Coroutine[Any, Any, T]) -> list[T]:
    """Return what all of these return, run side by side; the first error is raised once the others have ended."""
    tasks = [asyncio.ensure_future(one) for one in works]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
