"""Any answer of a portal: no row is lost, nothing is called updated without a proof, and no fault of ours."""

import functools
import json
import shutil
import sqlite3
from uuid import uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.portal import Clock
from importer.portal.responses import parse_answer, parse_fault, parse_refusal
from importer.sandbox import BASE_URL, DATABASE, open_app
from importer.sandbox.access import TOKEN
from tests.fuzz.effort import CORPUS, effort, kept
from tests.fuzz.oracles import SUMMARY, run_program
from tests.fuzz.spoil import VALUES, spoiled

ENDPOINTS = [
    "batch/update",
    "batch/read",
    "properties/",
    "pipelines/",
    "owners",
    "property-validations/",
    "details",
    "tickets/",
]
NAMES = st.text(max_size=4) | st.sampled_from(
    [
        "id",
        "results",
        "errors",
        "context",
        "message",
        "ids",
        "objectWriteTraceId",
        "properties",
        "name",
        "category",
        "status",
    ]
)
JSON = st.recursive(
    VALUES | st.text(max_size=8) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)
STATUSES = st.sampled_from(
    [200, 201, 202, 204, 207, 301, 307, 400, 401, 403, 404, 409, 413, 422, 423, 429, 477, 500, 502, 504, 524]
)
RATE = "x-hubspot-ratelimit-"
HEADERS = st.dictionaries(
    st.sampled_from(
        ["retry-after", "content-type", "location", "content-encoding"]
        + [RATE + name for name in ("max", "remaining", "interval-milliseconds", "daily", "daily-remaining")]
    ),
    st.sampled_from(
        ["0", "1", "-1", "1e9", "NaN", "", "9" * 30, "190", "10000", "text/html", "gzip", "http://a.example/"]
    )
    | st.just("Mon, 01 Jan 0001 00:00:00 +2359"),
    max_size=3,
)


def scrub(text):
    return text.replace(TOKEN, "[token]")


@effort(3)
@given(body=JSON, status=STATUSES)
def test_any_json_is_an_answer(body, status):
    """Texts for people come out without token and control characters, and can be stored."""
    for answer in (parse_answer(status, body, scrub=scrub), parse_refusal(status, body, scrub=scrub)):
        assert all(record.id for record in answer.results)
        for fault in answer.faults:
            words = [fault.text, *(problem.text for problem in fault.problems)]
            for text in words:
                assert TOKEN not in text
                assert "\x1b" not in text
                text.encode()
            "".join((*fault.ids, *fault.trace_ids, *(one.name + one.code for one in fault.problems))).encode()


@effort(2)
@given(message=st.text(max_size=200) | st.binary(max_size=60).map(lambda b: f"Property values were not valid: [{b!r}"))
def test_any_message_is_a_fault(message):
    assert parse_fault({"message": message}, scrub=scrub).text is not None


class Spoiling:
    """The sandbox, with its answers from one endpoint spoiled on the way."""

    def __init__(self, app, endpoint, spoil):
        self.app, self.endpoint, self.spoil = app, endpoint, spoil

    async def __call__(self, scope, receive, send):
        if self.endpoint not in scope["path"]:
            await self.app(scope, receive, send)
            return
        start, body = {}, b""

        async def collect(event):
            nonlocal start, body
            if event["type"] == "http.response.start":
                start = event
            else:
                body += event.get("body", b"")

        await self.app(scope, receive, collect)
        status, headers, content = self.spoil(start["status"], body)
        kept_headers = [
            (name, value)
            for name, value in start["headers"]
            if name != b"content-length" and name.decode() not in headers
        ]
        more = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": kept_headers + more})
        await send({"type": "http.response.body", "body": content})


@st.composite
def spoilers(draw):
    """Return (what it does in words, whether it only takes away, a function of status and body)."""
    kind = draw(st.sampled_from(["nodes"] * 5 + ["cut", "other", "bytes", "status", "headers"]))
    steps = draw(
        st.lists(
            st.tuples(st.integers(0, 10**6), st.sampled_from(["drop", "double", "replace"]), VALUES),
            min_size=1,
            max_size=3,
        )
    )
    status, headers, other, raw = draw(STATUSES), draw(HEADERS), draw(JSON), draw(st.binary(max_size=30))
    at = draw(st.integers(0, 400))

    def spoil(was, body):
        match kind:
            case "nodes":
                value = json.loads(body) if body else {}
                for where, how, new in steps:
                    value = spoiled(value, where, how, new)
                return was, {}, orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_DATETIME)
            case "cut":
                return was, {}, body[:at]
            case "other":
                return was, {}, orjson.dumps(other)
            case "bytes":
                return was, {}, raw
            case "status":
                return status, {}, body
        return was, headers, body

    takes_away = kind in {"cut", "bytes", "status"} or (kind == "nodes" and all(how == "drop" for _, how, _ in steps))
    return json.dumps([kind, steps, status, headers, other, raw.hex(), at]), takes_away, spoil


EDITS = (
    "Record ID,subject,Priority,Ticket owner,due_on,Ticket status\n25012345001,{0},HIGH,,2027-01-02,\n"
    "25012345013,{0} too,LOW,,2027-01-03,\n25012345009,{0} three,,,,\n"
)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    """Return a state folder with a seeded sandbox."""
    folder = tmp_path_factory.mktemp("seeded")
    open_app(folder)
    with sqlite3.connect(folder / DATABASE) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return folder


def run_job(folder, seeded, endpoint, spoil):
    """Run the main job against a sandbox that answers oddly; return how it ended, and the tickets' names afterwards."""
    home = folder / uuid4().hex
    home.mkdir(mode=0o700)
    for file in seeded.glob(f"{DATABASE}*"):
        shutil.copy(file, home / file.name)
    edits = home / "edits.csv"
    edits.write_text(EDITS.format("Edited").replace(",Ticket status", "").replace(",\n", "\n"))
    apps = []

    def open_spoiled(folder, **more):
        app, _, _ = open_app(folder, **more)
        apps.append(app)
        return Spoiling(app, endpoint, spoil), BASE_URL, TOKEN

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("importer.sandbox.open_app", open_spoiled)
        patch.setattr("importer.portal.client.Clock", functools.partial(Clock, 5000))
        arguments = [
            str(edits),
            "--sandbox",
            "--yes",
            "--on-invalid=skip",
            "--skip-unknown",
            "--skip-read-only",
            "--json",
        ]
        ended = run_program(arguments, home=home)
    stored = apps[0].state.portal.store.tickets([25012345001, 25012345013, 25012345009]) if apps else {}
    held = [ticket.properties.get("subject") for ticket in stored.values()]
    for app in apps:
        app.state.portal.store.close()
    shutil.rmtree(home, ignore_errors=True)
    return ended, held, edits


def check_job(endpoint, spoil, seeded, folder):
    """Return (summary, what the tickets are called afterwards) of a job that ended as a job may."""
    ended, held, _ = run_job(folder, seeded, endpoint, spoil)
    summary = ended.summary
    SUMMARY.validate(summary)
    rows = summary["rows"]
    assert rows["total"] == sum(count for name, count in rows.items() if name != "total")
    assert TOKEN not in ended.out + ended.err
    assert "\x1b" not in ended.err
    assert "\u202e" not in ended.err
    return summary, held


def count_edited(held):
    return sum(str(name).startswith("Edited") for name in held)


@pytest.mark.parametrize("path", sorted((CORPUS / "answers").iterdir()), ids=lambda path: path.stem)
def test_corpus(path, seeded, tmp_path):
    """Answers of these shapes; nothing that they say is a proof."""
    case = json.loads(path.read_text("utf-8"))

    summary, held = check_job(
        case["endpoint"], lambda _status, _body: (case["status"], {}, orjson.dumps(case["body"])), seeded, tmp_path
    )

    assert summary["rows"]["updated"] <= count_edited(held)


@effort(0.15)
@given(endpoint=st.sampled_from(ENDPOINTS), drawn=spoilers())
def test_a_job_survives_any_answer(endpoint, drawn, seeded, tmp_path):
    """What takes away from an answer adds no proof."""
    words, takes_away, spoil = drawn

    with kept(f"{endpoint} {words}".encode(), ".txt"):
        summary, held = check_job(endpoint, spoil, seeded, tmp_path)
        if takes_away and endpoint == "batch/update":
            assert summary["rows"]["updated"] <= count_edited(held)
