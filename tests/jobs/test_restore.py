"""restore: what tickets held at a moment, by the portal's histories; the workbook runs like any other."""

import json

import openpyxl
import pytest

from importer.model import Policy
from tests.jobs.office import A, B, C

MOMENT = "2026-11-20 09:00"
"""In the portal's zone, America/Sao_Paulo: 12:00 UTC."""
NAMES = ("subject", "content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority")
USER = 9100003


@pytest.fixture
def portal(sandbox):
    """Return the sandbox two days before the moment; its clock is set right afterwards."""
    sandbox.control("clock", {"now": "2026-11-18T12:00:00Z"})
    yield sandbox
    sandbox.control("clock", {})


@pytest.fixture
def restore(program, portal, tmp_path):
    """Return a function that restores tickets, and returns how it ended and the cells, by ticket and property."""

    def run(tickets, *more, names=NAMES, as_of=MOMENT):
        file, out = tmp_path / "tickets.csv", tmp_path / "then.xlsx"
        file.write_text("\n".join([",".join(["Record ID", *names]), *(f"{one}{',' * len(names)}" for one in tickets)]))
        ended = program("restore", file, "--as-of", as_of, "-o", out, "--overwrite", "--json", *more, portal=portal)
        return ended, cells_of(out, portal, names) if ended.code in (0, 1) else {}

    return run


def cells_of(path, portal, names):
    """Return what the cells of a restored workbook mean: {ticket: {property: value}}."""
    head, *rows = openpyxl.load_workbook(path)["Tickets"].iter_rows(values_only=True)
    assert len(head) == len(names) + 1
    texts = {name: texts_of(portal, name) for name in names}
    return {
        row[0]: {name: texts[name].get(cell, cell) or "" for name, cell in zip(names, row[1:], strict=True)}
        for row in rows
    }


def texts_of(portal, name):
    """Return the values of a property by what cells show."""
    if name in {"hs_pipeline", "hs_pipeline_stage"}:
        pipelines = portal.call("GET", "/crm/v3/pipelines/tickets")[1]["results"]
        if name == "hs_pipeline":
            return {one["label"]: one["id"] for one in pipelines}
        return {f"{stage['label']} ({one['label']})": stage["id"] for one in pipelines for stage in one["stages"]}
    options = portal.call("GET", f"/crm/v3/properties/tickets/{name}")[1]["options"]
    return {one["label"]: one["value"] for one in options}


def living(portal, count):
    """Return tickets of the Support Pipeline that can be worked with."""
    found = [
        one["id"]
        for one in portal.tickets().values()
        if not (one["archived"] or one["merged_into"]) and one["properties"]["hs_pipeline"] == "0"
    ]
    return sorted(found)[:count]


def held(portal, tickets, names=NAMES):
    kept = portal.tickets()
    return {one: {name: kept[one]["properties"].get(name, "") for name in names} for one in tickets}


def write_by_three(portal, tickets, text):
    """Let an import, a workflow, a person and an integration write."""
    for ticket in tickets[:120]:
        portal.change(ticket, {"subject": f"{text}, imported"}, source_type="IMPORT", user=None)
    for ticket in tickets[50:150]:
        portal.change(ticket, {"hs_ticket_priority": "LOW"}, source_type="AUTOMATION_PLATFORM", user=None)
    for ticket in tickets[100:]:
        portal.change(ticket, {"content": f"={text}, by hand", "hs_pipeline_stage": "2"}, user=USER)
    inputs = [{"id": one, "properties": {"content": "", "subject": text}} for one in tickets[150:200]]
    status, _ = portal.call("POST", "/crm/v3/objects/tickets/batch/update", {"inputs": inputs})
    assert status == 200


def test_two_hundred_tickets_are_again_what_they_were(restore, program, portal, tmp_path):
    """After an import, a workflow, a person and an integration wrote, before and after the moment."""
    tickets = living(portal, 200)
    write_by_three(portal, tickets, "Before")
    portal.control("clock", {"now": "2026-11-20T12:00:00Z"})
    then = held(portal, tickets)
    portal.control("clock", {"now": "2026-11-24T12:00:00Z"})
    write_by_three(portal, tickets[::-1], "After")
    assert held(portal, tickets) != then

    ended, cells = restore(tickets)

    assert (ended.code, ended.summary["as_of"]) == (0, "2026-11-20T12:00:00.000Z"), ended.err
    assert "held at 2026-11-20 09:00 (America/Sao_Paulo)." in ended.err
    never = {(one, name) for one in tickets for name in NAMES if cells[one][name] == "(not known)"}
    assert cells == {
        one: {name: "(not known)" if (one, name) in never else value for name, value in values.items()}
        for one, values in then.items()
    }
    assert all(then[one][name] == "" for one, name in never)  # of these there is no version at all
    ran = program(tmp_path / "then.xlsx", "--yes", "--json", portal=portal)
    assert (ran.code, ran.summary["rows"]["failed"], ran.summary["rows"]["invalid"]) == (0, 0, 0), ran.err
    now = held(portal, tickets)
    assert [
        (one, name)
        for one in tickets
        for name in NAMES
        if (one, name) not in never and now[one][name] != then[one][name]
    ] == []
    reconciled = program("reconcile", tmp_path / "then.xlsx", "--json", portal=portal)
    assert (reconciled.code, reconciled.summary["rows"]["total"], reconciled.summary["errors"]) == (0, 200, [])


def test_histories_are_read_fifty_tickets_a_request(restore, portal):
    portal.forget_requests()

    restore(living(portal, 120))

    assert [one["inputs"] for one in portal.requests("batch/read")] == [50, 50, 20]


def test_only_what_an_import_changed_goes_back(restore, portal):
    portal.control("clock", {"now": "2026-11-20T12:00:00Z"})
    then = held(portal, [A, B, C])
    portal.control("clock", {"now": "2026-11-21T12:00:00Z"})
    portal.change(A, {"subject": "Imported"}, source_type="IMPORT", user=None)
    portal.change(A, {"content": "By hand"}, user=USER)
    portal.change(B, {"subject": "Imported"}, source_type="IMPORT", user=None)
    portal.change(B, {"subject": "Then by hand"}, user=USER)

    ended, cells = restore([A, B, C], "--made-by", "import")

    assert ended.code == 0, ended.err
    assert (cells[A]["subject"], cells[A]["content"]) == (then[A]["subject"], "By hand")
    assert cells[B]["subject"] == "Then by hand"
    assert cells[C] == then[C]
    assert ended.summary["cells"] == {"then": 1, "now": 13, "mixed": 1, "unknown": 0, "too_long": 0}


def test_a_person_is_named_by_email_name_or_id(restore, portal):
    owner = next(one for one in portal.call("GET", "/crm/v3/owners/?limit=100")[1]["results"] if one.get("userId"))
    then = held(portal, [A])[A]
    portal.control("clock", {"now": "2026-11-21T12:00:00Z"})
    portal.change(A, {"subject": "By hand"}, user=owner["userId"])
    name = f"{owner['firstName']} {owner['lastName']}"

    for who in (owner["email"].upper(), name, str(owner["userId"])):
        ended, cells = restore([A], "--made-by", who)
        assert (ended.code, cells[A]["subject"]) == (0, then["subject"]), ended.err
    ended, cells = restore([A], "--made-by", "workflow")
    assert cells[A]["subject"] == "By hand"
    ended, _ = restore([A], "--made-by", owner["email"][:-1])
    assert (ended.code, f'did you mean "{owner["email"]}"' in ended.err) == (2, True)


def test_what_no_history_tells_is_marked_and_left_alone(restore, program, portal, tmp_path):
    """A ticket younger than the moment, and a property whose history begins later."""
    portal.control("clock", {"now": "2026-11-21T12:00:00Z"})
    young = portal.control("tickets", {"properties": {"subject": "Young", "hs_ticket_priority": "HIGH"}})["id"]
    before = held(portal, [young])

    ended, cells = restore([young, A], "--blank", "clear")

    assert set(cells[young].values()) == {"(not known)"}
    assert 'they hold "(not known)", which every run leaves alone' in ended.err
    ran = program(tmp_path / "then.xlsx", "--yes", "--json", "--clear-word", "CLEAR", portal=portal)
    assert (ran.code, ran.summary["cells"]) == (0, {"changed": 0, "cleared": 0}), ran.err
    assert held(portal, [young]) == before


def test_not_known_is_left_alone_in_any_file(program, portal, tmp_path):
    before = held(portal, [A])
    file = tmp_path / "edits.csv"
    file.write_text(
        f"Record ID,subject,hs_ticket_priority,hs_pipeline_stage\n{A}, (not known) ,(not known),(not known)\n"
    )

    ended = program(file, "--yes", "--json", portal=portal)

    assert (ended.code, ended.summary["rows"]["unchanged"]) == (0, 1), ended.err
    assert held(portal, [A]) == before


def test_tickets_that_are_gone_are_reported(restore, portal):
    portal.archive(B)
    merged = portal.merge(A, C)

    ended, cells = restore([A, B, "999", "25012345013"])

    assert ended.code == 1
    assert list(cells) == ["25012345013"]
    assert ended.summary["missing"] == [
        {"row": 2, "key": A, "reason": f"merged, {merged}"},
        {"row": 3, "key": B, "reason": "archived"},
        {"row": 4, "key": "999", "reason": "not_found"},
    ]


@pytest.mark.parametrize(
    ("when", "code"), [("yesterday", "invalid_datetime"), ("03/04/2026 10:00", "ambiguous_date"), ("", "bad_usage")]
)
def test_a_moment_that_is_none_is_refused(when, code, restore):
    ended, _ = restore([A], as_of=when)

    assert ended.code == 2
    assert json.loads(ended.out)["error"]["code"] == code


def test_a_moment_to_come_is_pointed_out(restore, portal):
    """A year that was mistyped: the histories tell what the tickets hold now."""
    ended, cells = restore([A], as_of="2126-11-20 09:00")

    assert (ended.code, cells[A]) == (0, held(portal, [A])[A])
    assert "2126-11-20 09:00 is still to come" in ended.err


def test_the_workbook_replaces_nobodys_file(program, portal, tmp_path):
    file, out = tmp_path / "tickets.csv", tmp_path / "mine.xlsx"
    file.write_text(f"Record ID,subject\n{A},x\n")
    out.write_text("mine")

    ended = program("restore", file, "--as-of", MOMENT, "-o", out, portal=portal)
    same = program("restore", file, "--as-of", MOMENT, "-o", file, portal=portal)

    assert (ended.code, same.code, out.read_text()) == (2, 2, "mine")
    assert "--overwrite" in ended.err


def test_a_workbook_of_another_portal_is_refused(restore, program, portal, tmp_path):
    restore([A])
    account = portal.call("GET", "/account-info/v3/details")[1]
    portal.define("account", account | {"portalId": 777})

    ended = program(tmp_path / "then.xlsx", "--yes", "--json", portal=portal)

    assert (ended.code, ended.codes) == (2, [(None, "unsafe_file")])


def test_tickets_are_named_by_a_unique_property_as_in_a_run(program, portal, tmp_path):
    """The workbook names them so again, and runs as any other."""
    portal.change(A, {"external_ref": "REF-A", "subject": "Then"})
    portal.control("clock", {"now": "2026-11-24T12:00:00Z"})
    portal.change(A, {"subject": "Now"})
    file, out = tmp_path / "tickets.csv", tmp_path / "then.xlsx"
    file.write_text("external_ref,subject\nREF-A,\n")

    ended = program("restore", file, "--as-of", MOMENT, "-o", out, "--json", portal=portal)
    ran = program(out, "--yes", "--json", portal=portal)

    assert (ended.code, ran.code, ran.summary["rows"]["updated"]) == (0, 0, 1), ended.err + ran.err
    assert held(portal, [A], ("external_ref", "subject"))[A] == {"external_ref": "REF-A", "subject": "Then"}


@pytest.mark.parametrize("policy", Policy)
def test_not_known_is_left_alone_under_every_policy(policy, program, portal, tmp_path):
    """Whether the ticket holds something or nothing."""
    portal.change(A, {"internal_notes": "Kept", "affected_products": "camera"})
    portal.change(B, {"internal_notes": "", "affected_products": ""})
    names = ("internal_notes", "affected_products")
    before = held(portal, [A, B], names)
    file = tmp_path / "edits.csv"
    file.write_text(
        f"Record ID,internal_notes,affected_products\n{A},(not known),(not known)\n{B},(not known),(not known)\n"
    )
    options = [word for name in names for word in ("--policy", f"{name}={policy}")]

    ended = program(file, "--yes", "--json", *options, "--clear-word", "none", portal=portal)

    assert (ended.code, ended.summary["rows"]["unchanged"]) == (0, 2), ended.err
    assert held(portal, [A, B], names) == before
