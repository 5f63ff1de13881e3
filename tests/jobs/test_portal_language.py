"""Labels in the language of whoever works with the portal: exports, templates, saved schemas."""

import json

import openpyxl
import pytest

HEADER = ("ID do registro", "Nome do ticket", "Prioridade", "Pipeline")
TICKET = "25012345001"


@pytest.mark.parametrize("option", [("--lang", "pt-BR"), ("--locale", "pt-BR")])
def test_an_export_in_the_language_of_the_portals_user_is_read(option, portal, program, sheet):
    path = sheet(HEADER, (TICKET, "Novo nome", "Alta", "Support Pipeline"))
    ended = program(path, "--yes", "--json", *option, portal=portal)
    assert ended.code == 0, ended.err
    found = portal.ticket(TICKET)["properties"]
    assert (found["subject"], found["hs_ticket_priority"]) == ("Novo nome", "HIGH")


def test_in_that_language_the_portals_own_labels_fit_too(portal, program, sheet):
    path = sheet(("Record ID", "Ticket name", "hs_ticket_priority"), (TICKET, "Novo nome", "High"))
    ended = program(path, "--yes", "--json", "--lang", "pt-BR", portal=portal)
    assert ended.code == 0, ended.err
    assert portal.ticket(TICKET)["properties"]["hs_ticket_priority"] == "HIGH"


def test_without_that_language_its_labels_are_unknown(portal, program, sheet):
    path = sheet(("Record ID", "Nome do ticket"), (TICKET, "Novo nome"))
    assert ("unknown_property") in [code for _, code in program(path, "--dry-run", "--json", portal=portal).codes]


def test_a_saved_schema_carries_those_labels(portal, program, sheet, tmp_path):
    saved = tmp_path / "schema.json"
    program("schema", "pull", "--output", saved, "--lang", "pt-BR", portal=portal)
    path = sheet(HEADER, (TICKET, "Novo nome", "Alta", "Support Pipeline"))
    ended = program(path, "--dry-run", "--no-diff", "--json", "--schema", saved, "--lang", "en")
    assert ended.summary["rows"]["would_update"] == 1


def test_a_template_in_that_language_is_read_in_any(portal, program, tmp_path):
    path = tmp_path / "tickets.xlsx"
    made = program("template", path, "--lang", "pt-BR", "--limit", "9", portal=portal)
    assert made.code == 0, made.err
    headers = [cell.value for cell in openpyxl.load_workbook(path).worksheets[0][1]]
    assert {"Nome do ticket", "Prioridade"} <= set(headers)
    for language in ("en", "pt-BR"):
        ended = program(path, "--dry-run", "--json", "--lang", language, portal=portal)
        assert ended.code == 0, ended.err
        assert ended.summary["cells"]["changed"] == 0


def test_the_file_of_a_bare_portuguese_body_is_enough(portal, program, sheet, tmp_path):
    _, body = portal.call("GET", "/crm/v3/properties/tickets?locale=pt-br")
    saved = tmp_path / "properties.json"
    saved.write_text(json.dumps(body), encoding="utf-8")
    path = sheet(HEADER[:3], (TICKET, "Novo nome", "Alta"))
    ended = program(path, "--dry-run", "--no-diff", "--json", "--schema", saved)
    assert ended.summary["rows"]["would_update"] == 1


def test_people_see_the_labels_of_the_language_that_they_read(portal, program, sheet):
    path = sheet(HEADER[:3], (TICKET, "Novo nome", "Baixa"))
    shown = {
        language: program(path, "--dry-run", "--locale", "pt-BR", "--lang", language, portal=portal).err
        for language in ("en", "pt-BR")
    }
    assert "→ Low" in shown["en"]
    assert "→ Baixa" in shown["pt-BR"]
