"""Runs on one machine share one quota, whatever becomes of their processes and files."""

import asyncio
import sqlite3
import subprocess
import sys

from importer.portal import Clock
from importer.portal.limits import Limiter, Limits
from importer.portal.quota import KEPT_S, Quota, Window, quota_path

NOW = 1_800_000_000.0
WINDOW = (Window(3, 10.0),)


def test_processes_share_a_quota(tmp_path):
    path = quota_path(tmp_path, "https://api.example", "token")
    other = (
        "import sys; from pathlib import Path; from importer.portal.quota import Quota, Window\n"
        f"print([Quota(Path(sys.argv[1])).take({NOW}, (Window(3, 10.0),))[1] for _ in range(2)])"
    )

    said = subprocess.run([sys.executable, "-c", other, str(path)], capture_output=True, text=True, check=True).stdout

    quota = Quota(path)
    assert said.strip() == "[0.0, 0.0]"
    assert quota.take(NOW, WINDOW)[1] == 0.0
    assert quota.take(NOW, WINDOW) == (0, 10.0)
    assert quota.count(NOW - 1, NOW) == 3


def test_another_token_or_portal_has_its_own(tmp_path):
    paths = {quota_path(tmp_path, url, token) for url in ("https://a", "https://b") for token in ("x", "y")}

    assert len(paths) == 4
    assert all("x" not in path.stem and "y" not in path.stem for path in paths)


def test_a_request_that_left_later_frees_its_place_later(tmp_path):
    quota = Quota(tmp_path / "b.sqlite3")
    number, _ = quota.take(NOW, WINDOW)
    quota.take(NOW, WINDOW)
    quota.take(NOW, WINDOW)

    quota.move(number, NOW + 4)

    assert quota.take(NOW + 10, WINDOW)[1] == 0.0
    assert quota.take(NOW + 10, WINDOW)[1] == 0.0
    assert quota.take(NOW + 10, WINDOW) == (0, 4.0)


def test_a_clock_set_back_does_not_block(tmp_path):
    """Notes from a future that never came are forgotten."""
    quota = Quota(tmp_path / "b.sqlite3")
    for _ in range(3):
        quota.take(NOW + 86_400, WINDOW)

    assert quota.take(NOW, WINDOW)[1] == 0.0


def test_a_file_that_cannot_be_used_is_replaced_by_memory(tmp_path):
    """Sending does not depend on it."""
    (tmp_path / "broken.sqlite3").write_bytes(b"not a database at all, and long enough to be looked at" * 20)
    (tmp_path / "file").write_text("")

    for path in (tmp_path / "broken.sqlite3", tmp_path / "file" / "below" / "b.sqlite3"):
        quota = Quota(path)
        assert [quota.take(NOW, WINDOW)[1] for _ in range(4)] == [0.0, 0.0, 0.0, 10.0]
        quota.close()


def test_a_file_that_breaks_meanwhile_is_replaced_too(tmp_path):
    path = tmp_path / "b.sqlite3"
    quota = Quota(path)
    other = sqlite3.connect(path)
    other.execute("DROP TABLE requests")
    other.commit()
    other.close()

    quota.move(1, NOW)
    assert quota.count(NOW - 1, NOW) == 0
    assert [quota.take(NOW, WINDOW)[1] for _ in range(4)] == [0.0, 0.0, 0.0, 10.0]
    quota.close()


def test_the_next_run_begins_with_what_the_portal_allowed(tmp_path):
    """And not with the least that any portal allows; what was said long ago does not count."""
    path = tmp_path / "b.sqlite3"
    clock = Clock()
    first = Limiter(Quota(path), clock)
    assert first.limits.max_requests == 0

    async def one_request():
        first.release(await first.acquire(), {"x-hubspot-ratelimit-max": "190"}, latency_s=0.1)

    asyncio.run(one_request())

    assert Limiter(Quota(path), clock).limits == Limits(190, 10.0)
    assert Quota(path).remembered(clock.time() + KEPT_S + 1) is None
    assert Quota(path).remembered(clock.time() - 60) is None
