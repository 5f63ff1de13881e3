"""Which tickets a template holds, and what happens where there is nothing to write, or no place for it."""

import asyncio
import json

import openpyxl
import pytest

from importer.portal import Clock, Portal, PortalSettings
from importer.sandbox import open_app
from importer.sandbox.options import Limits
from importer.template.ticket_query import Choice, conditions_of, find_ids

FIRST_PLAIN = 30_000_000_001


def rows_of(path):
    sheet = openpyxl.load_workbook(path)["Tickets"]
    headers = [cell.value for cell in sheet[1]]
    return [dict(zip(headers, row, strict=True)) for row in sheet.iter_rows(2, values_only=True)]


@pytest.fixture
def template(program, sandbox, tmp_path):
    def template(*arguments, out="out.xlsx"):
        return program("template", tmp_path / out, *arguments, "--json", portal=sandbox)

    return template


def live(sandbox):
    return {
        number: ticket["properties"] | {"hs_lastmodifieddate": ticket["updated"]}
        for number, ticket in sandbox.tickets().items()
        if not ticket["archived"] and not ticket.get("merged_into")
    }


def chosen(ended, tmp_path):
    assert ended.code == 0, ended.err
    return {row["Record ID"] for row in rows_of(tmp_path / "out.xlsx")}


def test_all_tickets_where_nothing_is_chosen(template, sandbox, tmp_path):
    found = chosen(template(), tmp_path)

    assert len(found) > 500
    assert found <= set(sandbox.tickets())
    assert sandbox.requests("/search") == []


@pytest.mark.parametrize(
    ("arguments", "fits"),
    [
        (["--pipeline", "Returns"], lambda one: one["hs_pipeline"] == "75283641"),
        (["--stage", "New (Support Pipeline)"], lambda one: one["hs_pipeline_stage"] == "1"),
        (["--stage", "new", "--pipeline", "support pipeline"], lambda one: one["hs_pipeline_stage"] == "1"),
        (["--filter", "Priority=high"], lambda one: one.get("hs_ticket_priority") == "HIGH"),
        (["--filter", "hs_ticket_priority="], lambda one: not one.get("hs_ticket_priority")),
        (
            ["--filter", "Category=Billing issue"],
            lambda one: "BILLING_ISSUE" in one.get("hs_ticket_category", "").split(";"),
        ),
        (["--modified-since", "2026-04-01"], lambda one: one["hs_lastmodifieddate"] >= "2026-04-01T03:00"),
        (["--owner", "ana.souza@example.com"], lambda one: one.get("hubspot_owner_id") == "51230011"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_tickets_by_condition(template, sandbox, tmp_path, arguments, fits):
    expected = {number for number, one in live(sandbox).items() if fits(one)}
    assert expected

    found = chosen(template(*arguments), tmp_path)

    assert found == expected


def test_tickets_by_id_in_the_order_of_the_file(template, tmp_path):
    (tmp_path / "ids.txt").write_text("\ufeff25012345009\n\n 25012345001 \n25012345009\n", encoding="utf-8")

    ended = template("--id-file", tmp_path / "ids.txt")

    assert ended.code == 0
    assert [row["Record ID"] for row in rows_of(tmp_path / "out.xlsx")] == ["25012345009", "25012345001"]


def test_ids_that_cannot_be_had_are_named(template, sandbox, tmp_path):
    sandbox.archive("25012345001")
    (tmp_path / "ids.txt").write_text("25012345001\n25012345009\n99999999999\n")

    ended = template("--id-file", tmp_path / "ids.txt")

    assert ended.code == 1
    assert ended.summary["missing"] == [
        {"id": "25012345001", "reason": "archived"},
        {"id": "99999999999", "reason": "not_found"},
    ]
    assert [row["Record ID"] for row in rows_of(tmp_path / "out.xlsx")] == ["25012345009"]


def test_more_than_a_search_gives(tmp_path, schema):
    """A search ends after so many tickets; asked for higher IDs each time, it gives them all."""

    async def find():
        app, base_url, token = open_app(tmp_path, limits=Limits(search_rate=0, search_results=600), tickets=1_300)
        async with Portal(PortalSettings(base_url, token), app=app, clock=Clock(speed=100)) as portal:
            return await find_ids(portal, conditions_of(Choice(pipeline="Support Pipeline"), schema))

    found = asyncio.run(find())

    assert len(found) > 1_300
    assert found == sorted(set(found), key=int)
    assert {str(FIRST_PLAIN), str(FIRST_PLAIN + 1_299)} <= set(found)


def test_no_more_than_a_limit(template, tmp_path):
    assert len(chosen(template("--limit", "7"), tmp_path)) == 7
    again = template("--limit", "250", "--pipeline", "0", "--overwrite")
    assert len(chosen(again, tmp_path)) == 250


def test_properties_by_name_or_label(template, tmp_path):
    template("--properties", "Priority, content ,hs_object_id", "--limit", "1")

    assert list(rows_of(tmp_path / "out.xlsx")[0]) == ["Record ID", "Priority", "Ticket description"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--properties", "prioriti"], "unknown_property"),
        (["--owner", "nobody@example.com"], "invalid_owner"),
        (["--pipeline", "Suport"], "invalid_option"),
        (["--stage", "Newish"], "invalid_option"),
        (["--filter", "Priority=Urgentt"], "invalid_option"),
        (["--modified-since", "soon"], "invalid_datetime"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else one,
)
def test_what_names_nothing_is_refused_with_the_nearest(template, tmp_path, arguments, code):
    ended = template(*arguments)

    assert (ended.code, ended.summary["error"]["code"]) == (2, code)
    assert not (tmp_path / "out.xlsx").exists()


def test_no_ticket_fits(template, tmp_path):
    ended = template("--modified-since", "2099-01-01")

    assert ended.code == 2
    assert "No ticket" in ended.err
    assert not (tmp_path / "out.xlsx").exists()


def test_an_id_that_is_none_is_named_with_its_line(template, tmp_path):
    (tmp_path / "ids.txt").write_text("25012345001\nTicket 7\n")

    ended = template("--id-file", tmp_path / "ids.txt")

    assert (ended.code, ended.summary["error"]["code"]) == (2, "invalid_id")
    assert "line 2" in ended.err


def test_ids_and_conditions_do_not_mix(template, tmp_path):
    """Neither is passed over in silence."""
    (tmp_path / "ids.txt").write_text("25012345001\n25012345009\n")

    assert template("--id-file", tmp_path / "ids.txt", "--pipeline", "0").code == 2
    assert len(chosen(template("--id-file", tmp_path / "ids.txt", "--limit", "1"), tmp_path)) == 1


def test_a_file_that_exists_stays_unless_told_otherwise(template, sandbox, tmp_path):
    (tmp_path / "out.xlsx").write_text("mine")

    refused = template("--limit", "1")
    assert (refused.code, (tmp_path / "out.xlsx").read_text()) == (2, "mine")
    assert sandbox.requests() == [], "it is refused before the portal is asked"
    assert template("--limit", "1", "--overwrite").code == 0
    assert len(rows_of(tmp_path / "out.xlsx")) == 1


@pytest.mark.parametrize("out", ["out.csv", "out", "none/out.xlsx"])
def test_a_place_that_cannot_hold_a_workbook(template, out):
    assert template("--limit", "1", out=out).code == 2


def test_a_portal_that_fails_leaves_the_old_file_alone(template, sandbox, tmp_path):
    (tmp_path / "out.xlsx").write_text("mine")
    sandbox.fault("status", status=401, path="batch/read", times=100)

    ended = template("--limit", "1", "--overwrite")

    assert ended.code == 3
    assert (tmp_path / "out.xlsx").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".tmp")] == []


def test_the_search_is_not_asked_more_than_five_times_a_second(template, sandbox, tmp_path):
    """The sandbox refuses the sixth search of a second; none of ours is refused."""
    chosen(template("--filter", "hs_pipeline=0"), tmp_path)

    searches = sandbox.requests("/search")
    assert len(searches) >= 2
    assert {one["status"] for one in searches} == {200}


@pytest.fixture
def strange_zone(sandbox):
    """Let the account's details name a time zone that no machine knows."""
    details = sandbox.call("GET", "/account-info/v3/details")[1] | {"timeZone": "Mars/Olympus"}
    sandbox.fault("status", status=200, body=json.dumps(details), path="account-info", times=None)
    yield
    sandbox.calm()


def test_times_are_in_utc_where_the_portals_zone_is_not_known(template, program, sandbox, strange_zone, tmp_path):
    """What was written in UTC is read in UTC: nothing of it counts as edited."""
    sandbox.change("25012345001", {"next_contact_at": "2026-03-04T12:30:00.000Z"})
    (tmp_path / "ids.txt").write_text("25012345001\n")

    ended = template("--id-file", tmp_path / "ids.txt", "--properties", "subject,next_contact_at")

    assert (ended.code, "Mars/Olympus is not known here" in ended.err) == (0, True)
    assert [f"{row['Next contact']:%H:%M}" for row in rows_of(tmp_path / "out.xlsx")] == ["12:30"]
    run = program(tmp_path / "out.xlsx", "--dry-run", "--json", portal=sandbox)
    assert (run.code, run.summary["cells"]) == (0, {"changed": 0, "cleared": 0})


def test_a_restored_workbook_is_in_utc_then_too(program, sandbox, strange_zone, tmp_path):
    (tmp_path / "ids.csv").write_text("Record ID,next_contact_at\n25012345001,\n")
    command = ["restore", tmp_path / "ids.csv", "--as-of", "2026-11-20 09:00", "-o", tmp_path / "out.xlsx"]

    refused = program(*command, "--json", portal=sandbox)
    ended = program(*command, "--json", "--timezone", "Europe/Lisbon", portal=sandbox)

    assert (refused.code, "--timezone" in refused.err) == (2, True)
    assert (ended.code, "its times in UTC" in ended.err) == (0, True)
