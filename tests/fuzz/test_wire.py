"""Answers spoilt on the wire: framing, trickles, bombs, cuts at each byte. Nothing hangs, and nothing false is said.

`make fuzz` tries many more. What an answer says that is whole is in `test_answers`.
"""

import asyncio
import gzip
import itertools
import os
import random
import subprocess
import sys
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import PortalError
from importer.portal import Clock, Portal, PortalSettings
from importer.sending.sender import send
from tests.fuzz.effort import effort
from tests.fuzz.raw_portal import RawPortal
from tests.laws import IS_NIGHTLY
from tests.sending.staging import FAST, Stage

TIMEOUT_S = 0.4
BOUND_S = 30.0
"""An exchange has 0.4 s here; six tries of an update and some of its read-backs are far below this."""


def _parts(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, body


def _without_length(head):
    return b"\r\n".join(line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length"))


def _chunked(answer, size, damage):
    head, body = _parts(answer)
    chunks = [b"%x\r\n%s\r\n" % (len(body[n : n + size]), body[n : n + size]) for n in range(0, len(body), size)]
    return [_without_length(head) + b"\r\ntransfer-encoding: chunked\r\n\r\n", *damage([*chunks, b"0\r\n\r\n"])]


def _framed(line):
    """Spoil the frame: one more line in the head."""
    return lambda answer: [answer.replace(b"\r\n", b"\r\n" + line + b"\r\n", 1)]


FRAMES = {
    "a length too large": lambda a: [a.replace(b"content-length: ", b"content-length: 9")],
    "a length too small": lambda a: [_without_length(_parts(a)[0]) + b"\r\ncontent-length: 10\r\n\r\n" + _parts(a)[1]],
    "two lengths": _framed(b"content-length: 3"),
    "a length that is no number": lambda a: [a.replace(b"content-length: ", b"content-length: x")],
    "a negative length": lambda a: [a.replace(b"content-length: ", b"content-length: -")],
    "a length and chunks": _framed(b"transfer-encoding: chunked"),
    "an unknown transfer encoding": _framed(b"transfer-encoding: gzip"),
    "chunks": lambda a: _chunked(a, 100, lambda chunks: chunks),
    "chunks without an end": lambda a: _chunked(a, 100, lambda chunks: chunks[:-1]),
    "a chunk that is no number": lambda a: _chunked(a, 100, lambda chunks: [chunks[0], b"zz\r\n"]),
    "a chunk without end": lambda a: _chunked(a, 100, lambda chunks: [b"f" * 50_000]),
    "gzip that is none": _framed(b"content-encoding: gzip"),
    "gzip cut off": lambda a: [
        _without_length(_parts(a)[0]) + b"\r\ncontent-encoding: gzip\r\n\r\n" + gzip.compress(_parts(a)[1])[:-20]
    ],
    "an unknown content encoding": _framed(b"content-encoding: x-nothing"),
    "another protocol": lambda a: [b"SSH-2.0-OpenSSH_9.6\r\n"],
    "the first protocol": lambda a: [_parts(a)[1]],
    "a status that is no number": lambda a: [a.replace(b" 200 ", b" two ")],
    "a status of four digits": lambda a: [a.replace(b" 200 ", b" 2000 ")],
    "no content": lambda a: [a.replace(b" 200 ", b" 204 ")],
    "another protocol from here": lambda a: [b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"],
    "informal answers without end": lambda a: [
        b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
        *[b"HTTP/1.1 100 Continue\r\n\r\n", 0.05] * 5_000,
    ],
    "a head without end": lambda a: [b"HTTP/1.1 200 OK\r\n", *[b"x-y: " + b"z" * 9_000 + b"\r\n"] * 50],
    "a line without end": lambda a: [b"HTTP/1.1 200 OK\r\nx: " + b"z" * 500_000],
    "folded lines": lambda a: [a.replace(b"\r\n", b"\r\nx: y\r\n z\r\n", 1)],
    "zeros": lambda a: [b"\0" * 1_000],
    "two answers": lambda a: [a + a],
    "nothing": lambda a: [],
    "silence": lambda a: [2.0],
    "a trickle in the head": lambda a: [b"HTTP/1.1 200 OK\r\nx: ", *[b"y", 0.05] * 5_000],
    "a trickle in the body": lambda a: [_without_length(_parts(a)[0]) + b"\r\n\r\n", *[b" ", 0.05] * 5_000],
    "brackets": lambda a: [_without_length(_parts(a)[0]) + b"\r\n\r\n" + b"[" * 200_000],
}


@pytest.fixture(scope="module")
def portal(served):
    with RawPortal(served) as portal:
        yield portal


def send_rows(portal, folder, words, count=8):
    """Send some rows; return them with their statuses and what the portal holds, and how long it took."""
    stage = Stage(portal, folder).plan(count, after=lambda n: {"subject": f"{words} {n}"}, size=4)
    began = time.monotonic()

    async def run():
        made = Portal(
            PortalSettings(portal.base_url, portal.token), clock=Clock(FAST), rng=random.Random(1), timeout_s=TIMEOUT_S
        )
        async with made as open_portal:
            await send(stage.journal, open_portal, columns=stage.columns, schema=stage.schema)

    try:
        asyncio.run(run())
    except PortalError:
        stage.journal.rows.close_undecided("not sent")
    took = time.monotonic() - began
    tickets = portal.tickets()
    rows = [
        (status, stage.codes_of(row), tickets[stage.changes[row].key]["properties"]["subject"] == f"{words} {row - 2}")
        for row, status in stage.statuses.items()
    ]
    stage.journal.close()
    return rows, took


def check(portal, folder, words):
    rows, took = send_rows(portal, folder, words)
    assert took < BOUND_S
    assert {status for status, *_ in rows} <= {"updated", "failed", "not sent"}
    for status, codes, is_held in rows:
        assert is_held or status != "updated"
        assert not is_held or status != "not sent"
        assert not is_held or status == "updated" or set(codes) <= {"unconfirmed", "unavailable", "not_kept"}, codes


@pytest.mark.parametrize("frame", FRAMES)
def test_frames(portal, tmp_path, frame):
    portal.as_seeded()
    portal.spoil, portal.times, portal.path = FRAMES[frame], 3, "batch/update"

    check(portal, tmp_path, frame)


@effort(0.05)
@given(data=st.data())
def test_cuts_and_flips(portal, tmp_path_factory, data):
    """An answer cut after any byte, or with some bytes changed, once or each time."""
    portal.as_seeded()
    place = data.draw(st.floats(0, 1), label="place")
    damage = data.draw(st.one_of(st.none(), st.binary(min_size=1, max_size=4)), label="damage")

    def spoil(answer):
        at = int(place * len(answer))
        return [answer[:at]] if damage is None else [answer[:at] + damage + answer[at + len(damage) :]]

    portal.spoil, portal.times = spoil, data.draw(st.sampled_from([1, 3, None]), label="times")
    portal.path = data.draw(st.sampled_from(["batch/update", "batch/read"]), label="path")
    check(portal, tmp_path_factory.mktemp("wire"), f"cut {place}")


@effort(0.05)
@given(
    frames=st.lists(st.sampled_from(sorted(FRAMES)), min_size=1, max_size=5),
    times=st.sampled_from([2, 5, None]),
    path=st.sampled_from(["batch/update", "batch/", "batch/read"]),
)
def test_frames_one_after_another(portal, tmp_path_factory, frames, times, path):
    portal.as_seeded()
    turns = itertools.cycle(frames)

    def spoil(answer):
        return FRAMES[next(turns)](answer)

    portal.spoil, portal.times, portal.path = spoil, times, path

    check(portal, tmp_path_factory.mktemp("wire"), f"{frames[0]} {times}")


BOMBS = {
    "zeros": b"\0" * 100_000,
    "lists": b"[]," * 100_000,
    "objects": b'{"a":[]},' * 100_000,
    "text": b'"' + "\N{GRINNING FACE}".encode() * 100_000 + b'",',
}


@pytest.mark.skipif(not (IS_NIGHTLY and hasattr(os, "wait4")), reason="dear; and Windows tells no child's memory")
@effort(0.02)
@given(bomb=st.sampled_from(sorted(BOMBS)), repeats=st.sampled_from([40, 120, 1_000]))
def test_bombs(portal, tmp_path_factory, home, bomb, repeats):
    """Some hundred bytes of gzip that unpack to some hundred millions: under 400 MB of memory, whatever is in them."""
    portal.as_seeded()
    # Piece by piece: a child's memory is counted from that of its parent on.
    packer = zlib.compressobj(wbits=31)
    pieces = [packer.compress(b'{"results":['), *(packer.compress(BOMBS[bomb]) for _ in range(repeats)), packer.flush()]
    packed = b"".join(pieces)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n\r\n"
    portal.spoil, portal.times, portal.path = lambda answer: [head + packed], 2, "batch/update"
    folder = tmp_path_factory.mktemp("bombs")
    tickets = portal.tickets()
    keys = [key for key, one in tickets.items() if not one["archived"] and not one["merged_into"]][:300]
    edits = folder / "edits.csv"
    edits.write_text("Record ID,subject\n" + "".join(f"{key},bombed\n" for key in keys))
    environment = {**os.environ, **portal.environment, "IMPORT_TICKETS_HOME": str(home)}
    command = [sys.executable, "-m", "importer", str(edits), "--yes", "--json"]

    with (folder / "out").open("w") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.DEVNULL)
        _, ended, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(ended)

    assert used.ru_maxrss < 400_000 * (1_024 if sys.platform == "darwin" else 1)
    assert process.returncode == 0, (folder / "out").read_text()
    after = portal.tickets()
    assert all(after[key]["properties"]["subject"] == "bombed" for key in keys)
