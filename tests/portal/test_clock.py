"""Waits can be cut short, from a signal handler and from another thread."""

import asyncio
import threading
import time

import pytest

from importer.portal import Clock, StopSignal
from importer.portal.clock import Halted, pause, together
from tests.portal.virtual_time import VirtualClock, run_virtually


def test_a_fast_clock_shortens_waits():
    async def run():
        clock = Clock(speed=1000)
        ticks, moment = clock.tick(), clock.time()
        await clock.sleep(20)
        return clock.tick() - ticks, clock.time() - moment

    ticks, seconds = asyncio.run(run())

    assert ticks >= 20
    assert seconds >= 20


def test_a_plain_clock_tells_the_time():
    assert abs(Clock().time() - time.time()) < 5


def test_a_stop_ends_a_pause():
    async def run():
        clock, stop = VirtualClock(), StopSignal()
        asyncio.get_running_loop().call_later(3, stop.set)
        with pytest.raises(Halted):
            await pause(clock, 60, stop)
        return clock.tick()

    assert 3 <= run_virtually(run()) < 3.1


def test_a_pause_without_a_stop_lasts():
    async def run():
        clock = VirtualClock()
        await pause(clock, 60, StopSignal())
        await pause(clock, 5, None)
        await pause(clock, 0, None)
        await pause(clock, -1, StopSignal())
        return clock.tick()

    assert 65 <= run_virtually(run()) < 65.1


def test_a_stop_from_another_thread_is_heard():
    async def run():
        stop = StopSignal()
        threading.Timer(0.05, stop.set).start()
        with pytest.raises(Halted):
            await pause(Clock(), 60, stop)

    asyncio.run(run())


def test_who_listens_late_hears_too():
    stop, heard = StopSignal(), []
    stop.set()

    forget = stop.listen(lambda: heard.append(1))
    forget()
    stop.set()

    assert heard == [1]
    with pytest.raises(Halted):
        stop.check()


def test_the_first_error_ends_the_others():
    async def run():
        ended = []

        async def fail():
            await asyncio.sleep(1)
            raise ValueError("first")

        async def wait():
            try:
                await asyncio.sleep(100)
            finally:
                ended.append(asyncio.get_running_loop().time())

        with pytest.raises(ValueError, match="first"):
            await together(fail(), wait(), wait())
        return ended

    assert [round(moment) for moment in run_virtually(run())] == [1, 1]
