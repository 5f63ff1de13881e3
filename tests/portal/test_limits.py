"""Requests leave as fast as the window allows, and never faster."""

import asyncio
from bisect import bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.portal.clock import Halted, StopSignal
from importer.portal.limits import MARGIN_S, MOST_LATE_S, Limiter, Limits, read_limits
from importer.portal.quota import Quota, quota_path
from tests.laws import examples
from tests.portal.virtual_time import VirtualClock, run_virtually

MOST_OVER = 1.05
"""Times as long as the limit itself needs."""


def headers(most, remaining=None, interval_ms=10_000, daily=None, left=None):
    found = {"x-hubspot-ratelimit-max": most, "x-hubspot-ratelimit-interval-milliseconds": interval_ms}
    found |= {} if remaining is None else {"x-hubspot-ratelimit-remaining": remaining}
    if daily is not None:
        found |= {"x-hubspot-ratelimit-daily": daily, "x-hubspot-ratelimit-daily-remaining": left}
    return {name: str(value) for name, value in found.items()}


class Portal:
    """Counts arrivals as HubSpot does, in a window that rolls, and refuses those beyond it."""

    def __init__(self, most, interval_s):
        self.most, self.interval_s, self.arrivals, self.refused = most, interval_s, [], 0

    def arrive(self, now):
        used = len(self.arrivals) - bisect_right(self.arrivals, now - self.interval_s)
        if used >= self.most:
            self.refused += 1
        else:
            self.arrivals.append(now)
        return self.most - min(self.most, used + 1)


async def use(limiter, portal, clock, *, count, workers, delays, latency_s):
    """Send `count` requests through a limiter by so many workers; each arrives a little after it left."""
    numbers = iter(range(count))

    async def work():
        for number in numbers:
            permit = await limiter.acquire()
            await asyncio.sleep(delays[number % len(delays)])
            remaining = portal.arrive(clock.time())
            await asyncio.sleep(latency_s)
            limiter.release(
                permit, headers(portal.most, remaining, round(portal.interval_s * 1000)), latency_s=latency_s
            )

    await asyncio.gather(*(work() for _ in range(workers)))


@examples(25)
@given(
    most=st.integers(1, 100),
    interval_s=st.sampled_from([5.0, 10.0]),
    count=st.integers(1, 240),
    delays=st.lists(st.floats(0, MOST_LATE_S), min_size=1, max_size=7),
    latency_s=st.sampled_from([0.0, 0.02, 0.3, 2.0]),
    workers=st.sampled_from([16, 104]),
    runs=st.integers(1, 3),
)
def test_the_window_is_never_overrun(tmp_path_factory, most, interval_s, count, delays, latency_s, workers, runs):
    """However late requests arrive, within reason, and however many runs share the token on this machine."""
    path = quota_path(tmp_path_factory.mktemp("home"), "https://api.example", "token")
    clock, portal = VirtualClock(), Portal(most, interval_s)

    async def all_runs():
        limiters = [Limiter(Quota(path), clock) for _ in range(runs)]
        for limiter in limiters:
            limiter.limits = Limits(most, interval_s)
            await use(limiter, portal, clock, count=1, workers=1, delays=[0.0], latency_s=latency_s)
        await asyncio.gather(
            *(
                use(one, portal, clock, count=count, workers=workers, delays=delays, latency_s=latency_s)
                for one in limiters
            )
        )
        return asyncio.get_running_loop().time()

    took_s = run_virtually(all_runs())

    assert portal.refused == 0
    total = (count + 1) * runs
    assert len(portal.arrivals) == total
    windows = (total - 1) // most
    assert took_s >= windows * interval_s - MARGIN_S


@pytest.mark.parametrize(("latency_s", "count"), [(0.3, 1000), (1.0, 600), (2.0, 600), (3.0, 600)])
def test_the_first_window_is_used_at_once_and_the_next_as_it_frees(latency_s, count):
    """190 in 10 s need ten seconds for each 190 but the last, and the last answer, however slow the portal is."""
    clock, portal = VirtualClock(), Portal(190, 10.0)

    async def run():
        limiter = Limiter(Quota(), clock)
        limiter.release(await limiter.acquire(kind="account"), headers(190), latency_s=latency_s)
        await asyncio.sleep(11)
        await use(limiter, portal, clock, count=count, workers=104, delays=[0.01], latency_s=latency_s)
        return asyncio.get_running_loop().time() - 11

    took_s = run_virtually(run())

    assert portal.refused == 0
    assert took_s <= MOST_OVER * ((count - 1) // 190 * 10 + latency_s)
    assert sum(arrival < portal.arrivals[0] + 3 * latency_s for arrival in portal.arrivals) == 190


@pytest.mark.parametrize("work_s", [0.004, 0.008])
def test_a_portal_that_counts_late_is_not_overrun(work_s):
    """It counts a request when it comes to it, which may be some time after it arrived."""
    clock, portal = VirtualClock(), Portal(190, 10.0)
    free_at = 0.0

    async def run():
        limiter = Limiter(Quota(), clock)
        limiter.limits = Limits(190, 10.0)
        limiter.release(await limiter.acquire(), {}, latency_s=0.3)
        await asyncio.sleep(11)
        start, numbers = clock.tick(), iter(range(1000))

        async def work():
            nonlocal free_at
            for number in numbers:
                permit = await limiter.acquire(kind="update")
                begins = max(clock.time(), free_at)
                free_at = begins + work_s * (0.8 + number % 7 / 10 if number % 50 else 6)
                await asyncio.sleep(begins - clock.time())
                remaining = portal.arrive(clock.time())
                await asyncio.sleep(0.3 + number % 11 / 1000)
                limiter.release(permit, headers(190, remaining), latency_s=0.3)

        await asyncio.gather(*(work() for _ in range(64)))
        return clock.tick() - start

    took_s = run_virtually(run())

    assert portal.refused == 0
    assert took_s <= MOST_OVER * 50.3


def test_an_overloaded_portal_gets_fewer_requests_until_it_recovers():
    async def run():
        limiter = Limiter(Quota(), VirtualClock())
        for _ in range(100):
            limiter.release(await limiter.acquire(), headers(1000), latency_s=1.0)
        seen = [limiter.most_in_flight]
        permits = [await limiter.acquire() for _ in range(40)]
        limiter.slow_down()
        seen.append(limiter.most_in_flight)
        limiter.slow_down()
        seen.append(limiter.most_in_flight)
        for permit in permits:
            limiter.release(permit, headers(1000), latency_s=1.0)
        seen.append(limiter.most_in_flight)
        return seen

    full, halved, same, better = run_virtually(run())

    assert (full, halved, same) == (64, 20, 20)
    assert 20 < better <= 23


def test_a_rate_of_ones_own_is_kept():
    """--max-rate 5: five in any ten seconds, whatever the portal allows."""
    clock, portal = VirtualClock(), Portal(190, 10.0)

    async def run():
        limiter = Limiter(Quota(), clock, max_rate=5)
        await use(limiter, portal, clock, count=12, workers=4, delays=[0.0], latency_s=0.1)
        return limiter.allowed.max_requests

    assert run_virtually(run()) == 5
    assert [sum(a >= start and a < start + 10 for a in portal.arrivals) for start in portal.arrivals[::5]] == [5, 5, 2]


def test_a_rate_of_ones_own_is_kept_over_short_windows_too():
    """A portal that counts by the second, and --max-rate 30 in ten seconds."""
    clock, portal = VirtualClock(), Portal(19, 1.0)

    async def run():
        limiter = Limiter(Quota(), clock, max_rate=30)
        limiter.limits = Limits(19, 1.0)
        await use(limiter, portal, clock, count=70, workers=8, delays=[0.0], latency_s=0.01)

    run_virtually(run())

    assert max(sum(start <= a < start + 10 for a in portal.arrivals) for start in portal.arrivals) == 30


def test_what_others_use_of_the_window_is_left_to_them():
    """The same token on another machine takes half of the window: the header shows it, and nothing is refused."""
    clock, portal = VirtualClock(), Portal(20, 10.0)

    async def run():
        for _ in range(10):
            portal.arrive(clock.time())
        limiter = Limiter(Quota(), clock)
        await use(limiter, portal, clock, count=25, workers=4, delays=[0.0], latency_s=0.3)

    run_virtually(run())

    assert portal.refused == 0


def test_few_are_in_flight_before_the_first_answer_gives_the_limits():
    clock, portal = VirtualClock(), Portal(20, 10.0)

    async def run():
        await use(Limiter(Quota(), clock), portal, clock, count=45, workers=104, delays=[0.01], latency_s=2.0)

    run_virtually(run())

    assert portal.refused == 0


def test_until_the_portal_says_otherwise_the_lowest_limit_holds():
    clock = VirtualClock()

    async def run():
        limiter = Limiter(Quota(), clock)
        left = []
        for _ in range(101):
            permit = await limiter.acquire()
            left.append(clock.tick())
            limiter.release(permit, {}, latency_s=0.0)
        return left

    left = run_virtually(run())

    assert left[99] < 2
    assert left[100] >= 10


def test_a_refusal_holds_all_requests_for_growing_steps():
    """Without Retry-After: a second, two, four ... while the portal goes on refusing; all wait, and it is told."""
    waits = []

    async def run():
        clock = VirtualClock()
        limiter = Limiter(Quota(), clock, on_wait=lambda seconds, reason: waits.append((round(seconds), str(reason))))
        left = []
        for _ in range(6):
            permit = await limiter.acquire()
            left.append(round(clock.tick()))
            limiter.release(permit, {}, latency_s=None)
            limiter.refused(retry_after_s=None)
        return left

    assert run_virtually(run()) == [0, 1, 3, 7, 15, 25]
    assert [seconds for seconds, _ in waits] == [1, 2, 4, 8, 10]
    assert "rate limit is reached" in waits[0][1]


def test_a_stop_ends_every_wait():
    """Whoever waits for its turn, for the window or for another request to end goes at once."""

    async def run():
        clock, stop = VirtualClock(), StopSignal()
        limiter = Limiter(Quota(), clock, max_rate=1)
        await limiter.acquire(stop)
        waiting = [asyncio.ensure_future(limiter.acquire(stop)) for _ in range(3)]
        await asyncio.sleep(1)
        stop.set()
        ends = await asyncio.gather(*waiting, return_exceptions=True)
        return [type(one) for one in ends], clock.tick()

    kinds, at = run_virtually(run())

    assert kinds == [Halted] * 3
    assert at < 1.1


@pytest.mark.parametrize(
    ("given_headers", "expected"),
    [
        ({}, Limits()),
        (headers(190, 3, 10_000, 625_000, 9), Limits(190, 10.0, 625_000, 9, 3)),
        (headers("many", "-1", "soon"), Limits()),
        (headers("0"), Limits()),
        (headers("9" * 30), Limits()),
        (headers(250, None, 0), Limits(250, 10.0)),
        (headers(250, None, 1), Limits(250, 0.1)),
        (headers(250, None, 10**9), Limits(250, 600.0)),
        ({"x-hubspot-ratelimit-daily": "5"}, Limits()),
    ],
)
def test_headers_are_read_with_suspicion(given_headers, expected):
    assert read_limits(given_headers, Limits()) == expected


def test_what_is_known_stays_where_an_answer_is_silent():
    """Searches bear no rate headers."""
    known = Limits(190, 10.0, 625_000, 9, 3)

    assert read_limits({}, known) == Limits(190, 10.0, 625_000, 9, None)
