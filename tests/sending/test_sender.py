"""Every row ends with an outcome that the portal's own records bear out, whatever happened on the way."""

from datetime import UTC, datetime, timedelta

import pytest

from importer.errors import DailyLimit, Interrupted, JournalLost, MissingScope, Unauthorized, Unavailable
from importer.journal import Progress
from importer.model import Change
from importer.portal import Refused, StopSignal

UPDATE = "batch/update"


@pytest.mark.fresh
def test_all_rows_updated_in_as_few_requests_as_fit(stage):
    stage.plan(250).send()

    assert stage.counts == {"updated": 250}
    assert stage.portal.stats.as_dict() == {"read": 0, "update": 3, "retried": 0, "rate_limited": 0}
    assert stage.disagreements() == []
    assert sorted(entry["inputs"] for entry in stage.server.requests(UPDATE)) == [50, 100, 100]


def test_more_batches_than_are_in_flight_and_noted_ahead(stage):
    stage.plan(250, size=2).send()

    assert stage.counts == {"updated": 250}
    assert stage.portal.stats.update == 125
    assert stage.disagreements() == []
    assert stage.journal.batches.count_open() == 0


def test_progress_counts_rows(stage):
    stage.plan(120).send()

    last = stage.events[-1]
    assert (last.kind, last.done, last.updated, last.failed, last.total) == ("rows", 120, 120, 0, 120)


def test_a_bad_row_is_told_at_its_cell_and_the_others_are_updated(stage):
    stage.plan(after=lambda n: {"hs_ticket_priority": "Urgentt" if n == 7 else "URGENT", "subject": f"new {n}"}).send()

    (finding,) = stage.journal.report.findings()
    assert stage.counts == {"failed": 1, "updated": 249}
    assert (finding.code, finding.cell, finding.property_name) == ("rejected", "C9", "hs_ticket_priority")
    assert "Urgentt was not one of the allowed options" in str(finding.text)
    assert stage.disagreements() == []


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("status", {"status": 404, "html": True}),
        ("not_found", {}),
        ("conflict", {}),
        ("too_large", {}),
        ("status", {"status": 423}),
        ("status", {"status": 429}),
        ("status", {"status": 429, "bare": True}),
        ("status", {"status": 429, "policy": "SECONDLY"}),
        ("status", {"status": 429, "retry_after": 3}),
        ("status", {"status": 477, "retry_after": 2}),
        *[("status", {"status": status}) for status in (500, 502, 503, 504, 521, 522, 523, 524, 525, 526)],
        ("status", {"status": 500, "html": False}),
        ("status", {"status": 400, "html": True}),
        ("status_after", {"status": 500}),
        ("status_after", {"status": 504}),
        ("status_after", {"status": 524}),
        ("cut_before", {}),
        ("cut_before", {"reset": True}),
        ("cut_after", {}),
        ("cut_after", {"reset": True}),
        ("cut_midway", {}),
        ("truncated", {}),
        ("not_json", {}),
        ("not_an_object", {}),
        ("not_an_object", {"body": "text"}),
        ("not_an_object", {"body": None}),
        ("empty", {}),
        ("nothing", {}),
        ("nothing", {"status": 200}),
        ("state", {"state": "CANCELED"}),
        ("state", {"state": "PENDING"}),
        ("state", {"state": "PROCESSING", "drop": 100}),
        ("drop_results", {"drop": 3}),
        ("no_trace", {}),
        ("whole_batch", {}),
        ("echo_token", {}),
    ],
)
def test_no_row_suffers_from_a_passing_fault(stage, kind, more):
    """What the portal or the network does now and then costs time, and no row its outcome."""
    stage.server.fault(kind, path=UPDATE, times=2, **more)

    stage.plan(230).send()

    assert stage.counts == {"updated": 230}
    assert stage.disagreements() == []


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("errors_in_200", {}),
        ("group_errors", {}),
        ("no_context", {}),
        ("no_ids", {}),
        ("blank_id", {}),
        ("no_trace", {}),
        ("no_name", {}),
        ("short_errors", {}),
        ("cut_message", {}),
    ],
)
def test_bad_rows_are_found_however_the_errors_look(stage, kind, more):
    """One error may name several rows or none, and say more or less about them."""
    stage.server.fault(kind, path=UPDATE, times=None, **more)
    bad = {3: "Hoch", 40: "Hoch", 77: "Niedrig"}

    stage.plan(100, after=lambda n: {"hs_ticket_priority": bad.get(n, "URGENT"), "subject": f"new {n}"}).send()

    assert {row for row, status in stage.statuses.items() if status != "updated"} == {5, 42, 79}
    assert stage.codes == {"rejected": stage.codes["rejected"]}
    assert stage.disagreements() == []


def test_rows_that_were_not_written_are_not_believed(stage):
    """A 200 that leaves rows out proves nothing about them: they are read back."""
    stage.server.fault("not_written", path=UPDATE, drop=4)

    stage.plan(100).send()

    assert stage.counts == {"updated": 96, "failed": 4}
    assert stage.codes == {"unconfirmed": 4}
    assert stage.disagreements() == []


def test_a_ticket_merged_meanwhile_is_told_with_its_new_id(stage):
    stage.plan(50)
    new = stage.server.merge(stage.changes[10].ticket, stage.changes[20].ticket)

    stage.send()

    assert {row for row, status in stage.statuses.items() if status == "failed"} == {10, 20}
    assert stage.codes == {"merged": 2}
    assert all(new in str(finding.text) for finding in stage.journal.report.findings())


def test_a_ticket_archived_meanwhile_is_told_as_such(stage):
    stage.plan(50)
    stage.server.archive(stage.changes[10].ticket)

    stage.send()

    assert stage.codes_of(10) == ["archived"]
    assert stage.counts == {"updated": 49, "failed": 1}


@pytest.mark.parametrize("switches", [{}, {"group_errors": True}, {"status_207": "never"}])
def test_unknown_tickets_without_a_plan(stage, switches):
    """With --no-diff nobody has looked: unknown IDs show in the answer alone."""
    stage.server.switch(**switches)
    known = stage.live_ids()[:20]
    keys = [*known, "99000000001", "99000000002"]

    stage.store([Change(n + 2, key, None, {}, {"subject": "new"}) for n, key in enumerate(keys)]).send()

    assert stage.codes == {"not_found": 2}
    assert stage.counts == {"updated": 20, "failed": 2}


@pytest.mark.parametrize("unknown", ["row", "batch"])
def test_rows_keyed_by_a_unique_property(server, tmp_path, unknown):
    """Keys are matched without case, and one that nobody holds costs no other row its update."""
    from tests.sending.staging import Stage

    server.switch(unknown_unique_value=unknown, lower_unique=True)
    stage = Stage(server, tmp_path, id_property="external_ref")
    held = [one for one in server.tickets().values() if one["properties"].get("external_ref") and not one["archived"]]
    held = [one for one in held if not one["merged_into"]][:15]
    keys = [one["properties"]["external_ref"].upper() for one in held]
    changes = [Change(n + 2, key, None, {}, {"subject": f"by key {n}"}) for n, key in enumerate([*keys, "NOBODY-1"])]

    stage.store(changes).send()

    tickets = server.tickets()
    assert stage.counts == {"updated": 15, "failed": 1}
    assert [tickets[one["id"]]["properties"]["subject"] for one in held] == [f"by key {n}" for n in range(15)]
    assert {one.ticket for one in stage.journal.report.outcomes() if one.ticket} >= {one["id"] for one in held}


def test_a_value_that_the_portal_changes_is_told(stage):
    """The portal may tidy what it is sent: the row is updated, and a notice names both values."""
    stage.server.switch(trim_text=True)

    stage.plan(3, after=lambda n: {"subject": "  spaced  " if n == 1 else "plain"}).send()

    notices = {one.row: [str(text) for text in one.notices] for one in stage.journal.report.outcomes()}
    assert stage.counts == {"updated": 3}
    assert notices == {2: [], 3: ['the portal made "spaced" of "  spaced  " in Column subject'], 4: []}


@pytest.mark.parametrize("switches", [{"cleared_in_answer": "null"}, {"numbers_read_back": "tidy"}, {}])
def test_cleared_and_tidied_values_are_no_news(stage, switches):
    stage.server.switch(**switches)

    stage.plan(5, after=lambda n: {"subject": f"s{n}", "hs_resolution": ""}).send()

    assert all(one.notices == () for one in stage.journal.report.outcomes())


@pytest.mark.parametrize(
    ("kind", "more", "error"),
    [
        ("unauthorized", {}, Unauthorized),
        ("expired", {}, Unauthorized),
        ("expired_1970", {}, Unauthorized),
        ("missing_scopes", {"scopes": ["tickets"]}, MissingScope),
        ("forbidden", {}, MissingScope),
        ("status", {"status": 429, "policy": "DAILY"}, DailyLimit),
        ("status", {"status": 477, "retry_after": 4000}, Unavailable),
        ("redirect", {}, Unavailable),
        ("whole_batch", {"message": "Invalid input JSON on line 1, column 2"}, Refused),
    ],
)
def test_what_stops_the_run_keeps_what_was_confirmed(stage, kind, more, error):
    """After the stop a new token, another day or another hour finishes the run."""
    stage.server.fault(kind, path=UPDATE, times=None, after=2, **more)

    with pytest.raises(error) as raised:
        stage.plan(500).send()

    assert raised.value.exit_code == 3
    assert stage.counts == {"updated": 200, "": 300}
    assert stage.disagreements() == []
    stage.server.calm()
    stage.resume()
    assert stage.counts == {"updated": 500}
    assert stage.disagreements() == []


def test_missing_scopes_are_named(stage):
    stage.server.fault("missing_scopes", path=UPDATE, scopes=["tickets", "other.scope"])

    with pytest.raises(MissingScope, match=r"other\.scope, tickets"):
        stage.plan(5).send()


def test_the_end_of_the_day_is_told_in_the_portals_zone(stage):
    """The day begins at midnight of the portal's zone."""
    import asyncio

    from tests.sending.staging import portal_of

    async def run():
        async with portal_of(stage.server) as portal:
            await portal.fetch_bodies()
            stage.server.fault("status", path="batch/read", status=429, policy="DAILY")
            await portal.find_tickets(["512"])

    with pytest.raises(DailyLimit, match=r"00:00 \(America/Sao_Paulo\).*import-tickets resume"):
        asyncio.run(run())


@pytest.mark.fresh
def test_the_daily_reserve_is_left_to_others(stage):
    """With 1,000 calls a day and 5 % reserved, no batch leaves that would eat into the last 50."""
    stage.server.limits(daily=1000, used_today=946)
    stage.plan(500)

    async def look_first(portal):
        await portal.account()

    with pytest.raises(DailyLimit, match="of the portal's 1,000 daily API calls are left"):
        stage.send(before=look_first)

    assert stage.server.control("limits")["used_today"] == 950
    assert stage.counts == {"updated": 300, "": 200}
    assert stage.disagreements() == []


@pytest.mark.fresh
@pytest.mark.parametrize("was_sent", [False, True])
def test_rows_that_cannot_be_read_back_are_tried_again_by_a_resume(stage, was_sent):
    """A read that fails for good costs its rows their outcome, and no other batch."""
    stage.plan(300)
    stage.server.fault("status", status=500, path="batch/read", times=None)
    if was_sent:
        stage.journal.batches.note([Progress(2, "2026-11-23T14:15:03.000Z", state="sent")])
    else:
        stage.server.fault("drop_results", path=UPDATE, drop=3)

    stage.send()

    assert stage.codes == {"unavailable": 100 if was_sent else 3}
    assert stage.disagreements() == []
    stage.server.calm()
    stage.resume()
    assert stage.counts == {"updated": 300}


def test_a_portal_that_is_down_stops_the_run(stage):
    """Three batches in a row without an answer: their rows are `unavailable`, the others not sent."""
    stage.server.fault("status", status=503, path="batch/", times=None)

    with pytest.raises(Unavailable, match="3 batches in a row"):
        stage.plan(500).send()

    assert set(stage.codes) <= {"unavailable", "unconfirmed"}
    assert stage.codes["unavailable"] >= 300
    stage.server.calm()
    stage.resume()
    assert stage.counts == {"updated": 500}


def test_a_batch_that_is_never_answered_is_read_back(stage):
    """Written, and cut off each time: what the portal holds decides."""
    stage.server.fault("cut_after", path=UPDATE, times=None)

    stage.plan(150).send()

    assert stage.counts == {"updated": 150}
    assert stage.disagreements() == []


def test_unavailable_rows_are_sent_again_by_a_resume(stage):
    stage.server.fault("cut_before", path=UPDATE, times=6)
    stage.plan(90).send()
    assert stage.codes == {"unavailable": 90}

    stage.resume()

    assert stage.counts == {"updated": 90}
    assert stage.codes == {}


@pytest.mark.fresh
def test_a_stop_finishes_what_is_in_flight(stage):
    """Ctrl-C: answers that are under way are noted, nothing further leaves, and a resume goes on."""
    stop = StopSignal()
    stage.server.limits(latency_ms=150)
    stage.plan(500)
    stage.events = _Stopping(stop)

    with pytest.raises(Interrupted):
        stage.send(stop=stop, max_rate=2, speed=5)

    assert stage.counts == {"updated": 200, "": 300}
    assert stage.disagreements() == []
    stage.resume()
    assert stage.counts == {"updated": 500}


class _Stopping(list):
    """Asks to stop at the first rows that are done."""

    def __init__(self, stop):
        super().__init__()
        self._stop = stop

    def append(self, event):
        if event.kind == "rows":
            self._stop.set()


def test_a_stop_during_a_repeat_leaves_the_rows_in_doubt(stage):
    """Sent, never answered, and stopped before anybody could look: that is what the row says."""
    stop = StopSignal()
    stage.server.fault("cut_after", path=UPDATE, times=None)
    stage.plan(10)

    async def run():
        import asyncio

        from importer.sending.sender import send
        from tests.sending.staging import portal_of

        async with portal_of(stage.server, speed=1) as portal:
            asyncio.get_running_loop().call_later(0.3, stop.set)
            await send(stage.journal, portal, columns=stage.columns, schema=stage.schema, stop=stop)

    import asyncio

    with pytest.raises(Interrupted):
        asyncio.run(run())

    assert stage.codes == {"unconfirmed": 10}
    stage.server.calm()
    stage.resume()
    assert stage.counts == {"updated": 10}
    assert [entry["inputs"] for entry in stage.server.requests(UPDATE)] == [10]


def test_a_resume_reads_back_what_was_in_flight(stage):
    """A batch that left before a crash is looked up; only rows that did not arrive are sent again."""
    stage.plan(100)
    for row in range(2, 42):
        stage.server.change(stage.changes[row].ticket, stage.changes[row].after)
    stage.journal.batches.note([Progress(1, "2026-11-23T14:15:03.000Z", state="sent")])

    stage.send()

    assert stage.counts == {"updated": 100}
    assert [entry["inputs"] for entry in stage.server.requests(UPDATE)] == [60]


def test_cells_that_add_are_confirmed_by_what_they_add(stage):
    stage.server.fault("cut_after", path=UPDATE, times=None)

    stage.plan(4, after=lambda n: {"hs_ticket_category": ";BILLING_ISSUE"}, before=False).send()

    assert stage.counts == {"updated": 4}


def test_the_token_is_in_no_message(stage):
    """The portal may repeat it; nobody stores it."""
    stage.server.fault("echo_token", path=UPDATE, times=None)

    stage.plan(3).send()

    assert stage.codes == {"rejected": 3}
    assert all("[token]" in str(finding.text) for finding in stage.journal.report.findings())
    stored = (
        stage.journal.path.read_bytes() + stage.journal.path.with_name(stage.journal.path.name + "-wal").read_bytes()
    )
    assert stage.server.token.encode() not in stored


def test_an_old_plan_is_checked_again_before_it_is_sent(stage):
    """What a colleague changed since is not overwritten; what is as wanted by now is not sent."""
    stage.plan(100)
    stage.server.change(stage.changes[5].ticket, {"subject": "by a colleague"})
    stage.server.change(stage.changes[6].ticket, stage.changes[6].after)
    stage.server.change(stage.changes[7].ticket, {"content": "another property"})

    stage.send(planned_at=datetime.now(UTC) - timedelta(minutes=6))

    (finding,) = stage.journal.report.findings()
    assert stage.counts == {"updated": 98, "unchanged": 1, "invalid": 1}
    assert (finding.row, finding.code, finding.property_name) == (5, "conflict", "subject")
    assert '"by a colleague"' in str(finding.text)
    assert '"subject 3"' in str(finding.text)
    assert stage.server.ticket(stage.changes[5].ticket)["properties"]["subject"] == "by a colleague"


@pytest.mark.fresh
@pytest.mark.parametrize("age", [None, timedelta(0)])
def test_a_fresh_plan_is_sent_as_it_is(stage, age):
    planned_at = None if age is None else datetime.now(UTC) - age
    stage.plan(10)
    stage.server.change(stage.changes[5].ticket, {"subject": "by a colleague"})

    stage.send(planned_at=planned_at)

    assert stage.counts == {"updated": 10}
    assert stage.portal.stats.read == 0


def test_a_full_disk_stops_the_run_and_a_resume_goes_on(stage):
    """Nothing leaves that was not noted before."""
    stage.plan(2500, after=lambda n: {"subject": "x" * 300})
    (pages,) = stage.journal._file.db.execute("PRAGMA page_count").fetchone()
    stage.journal._file.db.execute(f"PRAGMA max_page_count = {pages + 1}")
    stage.server.fault("whole_batch", path=UPDATE, times=None, after=1, message="words of the portal " * 30)

    with pytest.raises(JournalLost, match="resume") as raised:
        stage.send()

    assert raised.value.exit_code == 3
    stage.journal._file.db.execute("PRAGMA max_page_count = 1000000")
    stage.server.calm()
    stage.resume()
    assert stage.counts.keys() <= {"updated", "failed"}
    assert stage.disagreements() == []


@pytest.mark.parametrize("seed", range(8))
def test_random_faults_among_a_fifth_of_the_requests(stage, seed):
    """Whatever strikes, updates and read-backs alike: journal and portal tell the same of every row."""
    bad = {row for row in range(2, 502) if row % 83 == 0}
    gone = {100, 300}
    stage.plan(500, after=lambda n: {"hs_ticket_priority": "Hoch" if n + 2 in bad else "LOW", "subject": f"new {n}"})
    for row in gone:
        stage.server.archive(stage.changes[row].ticket)
    stage.server.fault("mixed", path="/tickets", times=None, probability=0.2, seed=seed)

    stage.send()

    assert stage.counts.keys() <= {"updated", "failed"}
    assert stage.disagreements() == []
    assert all(status == "failed" for row, status in stage.statuses.items() if row in bad | gone)
    in_doubt = {row for row, status in stage.statuses.items() if status == "failed"} - bad - gone
    assert {code for row in in_doubt for code in stage.codes_of(row)} <= {"unconfirmed", "unavailable"}
    stage.server.calm()
    stage.resume()
    assert {row for row, status in stage.statuses.items() if status == "failed"} == bad | gone
    assert stage.disagreements() == []
