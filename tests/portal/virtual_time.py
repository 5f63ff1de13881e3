"""An event loop in which waiting takes no time, and a clock that shows how much would have passed."""

import asyncio
import selectors

from importer.portal import Clock

EPOCH = 1_800_000_000.0


class _Selector(selectors.DefaultSelector):
    """Waits for nothing: the time that would have passed is added to the loop's."""

    loop: "VirtualLoop"

    def select(self, timeout=None):
        found = super().select(0)
        if not found and timeout:
            self.loop.passed += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        selector = _Selector()
        self.passed = 0.0
        super().__init__(selector)
        selector.loop = self

    def time(self):
        return self.passed


class VirtualClock(Clock):
    """The time of the running virtual loop."""

    def tick(self):
        return asyncio.get_running_loop().time()

    def time(self):
        return EPOCH + self.tick()


def run_virtually(work):
    """Run a coroutine without waiting; return what it returns."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
