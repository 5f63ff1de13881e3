"""Rows of real files to values, findings and notices."""

from datetime import date, datetime

import openpyxl
import pytest

from importer import loader
from importer.errors import UsageError
from importer.loader.table import Chunk
from importer.model import Columns, KeyColumn, ValueColumn
from importer.validation.validator import Validation, check_reading
from schemas.cells import Reading
from schemas.property import PortalSchema, Property


def test_a_row_becomes_values_in_hubspots_form(check):
    checked = check(
        "Record ID,Ticket name,Priority,Category,Ticket owner,Due on,Starts at,Amount,VIP\n"
        "501, Broken lamp ,urgent,Billing issue;Product issue,ana@example.com,2026-03-04,2026-03-04 12:30,12.50,yes\n"
    )

    assert checked.findings == []
    assert checked.rows[2].key == "501"
    assert checked.wanted(2) == {
        "subject": "Broken lamp",
        "hs_ticket_priority": "URGENT",
        "hs_ticket_category": "PRODUCT_ISSUE;BILLING_ISSUE",
        "hubspot_owner_id": "11",
        "due_on": "2026-03-04",
        "starts_at": "2026-03-04T17:30:00.000Z",
        "amount": "12.5",
        "vip": "true",
    }


def test_cells_of_a_workbook_mean_what_is_stored(check):
    checked = check(
        [
            ["Record ID", "Code", "Amount", "Due on", "Starts at", "VIP"],
            [25012345678, 7, 0.30000000000000004, date(2026, 3, 4), datetime(2026, 3, 4, 12, 30), True],  # noqa: DTZ001
            ["25012345679", date(2026, 3, 4), "1.5", datetime(2026, 3, 4), date(2026, 3, 4), "no"],  # noqa: DTZ001
            [25012345680, True, None, None, None, None],
        ]
    )

    assert checked.findings == []
    assert checked.rows[2].key == "25012345678"
    assert checked.wanted(2) == {
        "code": "7",
        "amount": "0.3",
        "due_on": "2026-03-04",
        "starts_at": "2026-03-04T17:30:00.000Z",
        "vip": "true",
    }
    assert checked.wanted(3) == {
        "code": "2026-03-04",
        "amount": "1.5",
        "due_on": "2026-03-04",
        "starts_at": "2026-03-04T05:00:00.000Z",
        "vip": "false",
    }
    assert checked.wanted(4)["code"] == "TRUE"


def test_text_keeps_the_zeros_that_a_number_shows(check, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Record ID", "Code", "Amount"])
    book.active.append([501, 42, 42])
    book.active["B2"].number_format = book.active["C2"].number_format = "00000"
    book.save(tmp_path / "zeros.xlsx")

    checked = check(tmp_path / "zeros.xlsx")

    assert checked.wanted(2) == {"code": "00042", "amount": "42"}


def test_an_empty_cell_clears(check):
    """Nothing, or white space alone."""
    checked = check("id,subject,amount,Due on\n501,,  ,\u00a0\n")

    assert checked.wanted(2) == {"subject": "", "amount": "", "due_on": ""}


def test_with_blank_keep_an_empty_cell_says_nothing(check):
    checked = check("id,subject,Pipeline,Ticket status\n501,x,,\n502,,,New\n", blank="keep")

    assert checked.findings == []
    assert checked.wanted(2) == {"subject": "x"}
    assert checked.wanted(3) == {}
    assert checked.rows[3].pending == {"hs_pipeline_stage": {"0": "1", "77": "701"}}


def test_rows_of_nothing_are_skipped(check):
    checked = check("id,subject\n501,a\n,\n , \n502,b\n,\n")

    assert list(checked.rows) == [2, 5]
    assert checked.invalid == []


def test_every_finding_of_every_row_comes_at_once(check):
    """Each with its cell, header, property, key, value as typed, and what would be right."""
    checked = check(
        "Record ID,Priority,Amount,Due on\n501,Urgentt,x,2026-02-30\n502,LOW,1,2026-03-04\n503,low,1e999,\n",
        chunk_size=2,
    )

    assert checked.codes == [
        ("B2", "invalid_option"),
        ("C2", "invalid_number"),
        ("D2", "invalid_date"),
        ("C4", "invalid_number"),
    ]
    assert checked.invalid == [(2, "501"), (4, "503")]
    assert list(checked.rows) == [3]
    first = checked.findings[0]
    assert (first.row, first.position, first.header) == (2, 1, "Priority")
    assert (first.property_name, first.key, first.value) == ("hs_ticket_priority", "501", "Urgentt")
    assert str(first.text) == '"Urgentt" isn\'t an option; did you mean "Urgent"?'


def test_the_stage_is_one_of_the_rows_pipeline(check):
    checked = check(
        "id,Pipeline,Ticket status\n501,Returns,New\n502,0,4\n503,Support Pipeline,Refund sent\n504,Nowhere,New\n"
        "505,Nowhere,Nonsense\n506,Returns,New (Returns)\n507,77,\n508,,New\n"
    )

    assert checked.wanted(2) == {"hs_pipeline": "77", "hs_pipeline_stage": "701"}
    assert checked.wanted(3) == {"hs_pipeline": "0", "hs_pipeline_stage": "4"}
    assert checked.wanted(7) == {"hs_pipeline": "77", "hs_pipeline_stage": "701"}
    assert checked.codes == [
        ("C4", "stage_not_in_pipeline"),
        ("B5", "invalid_option"),
        ("B6", "invalid_option"),
        ("C6", "invalid_option"),
        ("C8", "cannot_clear"),
        ("B9", "cannot_clear"),
    ]


def test_without_a_pipeline_column_the_stage_waits_for_the_ticket(check):
    checked = check("id,Ticket status,subject\n501,New,a\n502,Refund sent,b\n503,Nonsense,c\n504,,d\n")

    assert checked.rows[2].pending == {"hs_pipeline_stage": {"0": "1", "77": "701"}}
    assert checked.rows[3].pending == {"hs_pipeline_stage": {"77": "702"}}
    assert checked.wanted(3) == {"subject": "b"}
    assert checked.codes == [("B4", "invalid_option"), ("B5", "cannot_clear")]


def test_where_no_pipeline_is_known_a_stage_is_taken_as_it_stands(check, portal):
    blind = PortalSchema(portal.properties, owners_known=False)

    checked = check("id,Pipeline,Ticket status\n501,9,91\n", schema=blind)

    assert checked.wanted(2) == {"hs_pipeline": "9", "hs_pipeline_stage": "91"}


def test_rules_are_judged_by_name_and_bound(check):
    checked = check("id,City\n501,Rio\n502,Al\n503,\n504,R1\n505,Sao Paulo\n")

    assert checked.codes == [("B3", "rule_violation"), ("B5", "rule_violation"), ("B5", "rule_violation")]
    assert "MIN_LENGTH 3" in str(checked.findings[0].text)
    assert checked.notices == ['B "City": "Sao Paulo" may break the rule ALPHANUMERIC ALPHA_ONLY; the portal decides.']


def test_a_rule_of_tomorrow_is_named_and_left_to_the_portal(check):
    checked = check("id,Site\n501,x\n")

    assert checked.findings == []
    assert checked.notices == [
        "The portal's rule A_RULE_OF_TOMORROW on Site cannot be checked here; the portal applies it when rows are sent."
    ]


def test_a_text_over_the_limit(check):
    checked = check(f"id,content\n501,{'x' * 65_536}\n502,{'x' * 65_537}\n")

    assert checked.codes == [("B3", "too_long")]
    assert len(checked.wanted(2)["content"]) == 65_536


def test_what_the_loader_found_makes_the_row_invalid_once(check):
    """A ragged row is not padded, and an error cell has one finding, not two."""
    checked = check("id,subject,Ticket status,Pipeline\n501,a\n502,a,New,0\n503,a,New,0,x\n")

    assert checked.codes == [(2, "ragged_row"), (4, "ragged_row")]
    assert [row for row, _ in checked.invalid] == [2, 4]
    assert list(checked.rows) == [3]


def test_a_file_of_broken_rows_alone(check):
    checked = check("id,subject,Amount,Due on\n501\n502,a,b,c,d\n")

    assert checked.codes == [(2, "ragged_row"), (3, "ragged_row")]
    assert checked.rows == {}


def test_a_header_without_rows(check):
    checked = check("id,subject,Ticket status\n")

    assert (checked.rows, checked.invalid, checked.findings) == ({}, [], [])


def test_a_formula_error_is_no_blank(check, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Record ID", "Priority", "Ticket status", "Pipeline"])
    book.active.append([501, "#N/A", "New", "0"])
    book.active["B2"].data_type = "e"
    book.active.append([502, "LOW", "=A1", "0"])
    book.save(tmp_path / "errors.xlsx")

    checked = check(tmp_path / "errors.xlsx")

    assert checked.codes == [("B2", "formula_error"), ("C3", "formula_not_calculated")]
    found = checked.findings[0]
    assert (found.header, found.property_name, found.key) == ("Priority", "hs_ticket_priority", "501")


def test_the_last_modified_column_is_read_and_not_sent(check):
    checked = check("id,subject,Last modified date\n501,a,2026-03-04 12:30\n502,b,\n503,c,soon\n")

    assert checked.wanted(2) == {"subject": "a"}
    assert checked.rows[2].modified == "2026-03-04T17:30:59.999Z"
    assert checked.rows[3].modified is None
    assert checked.codes == [("C4", "invalid_datetime")]


def test_a_file_of_keys_alone_wants_nothing(check):
    assert check("id\n501\n").wanted(2) == {}


def test_chunks_end_where_they_like(check):
    """Whatever the size of the chunks, the result is one."""
    lines = "".join(f"{500 + n},{'x' if n % 7 else ''},{n if n % 5 else 'bad'}\n" for n in range(50))
    whole = check(f"id,subject,amount\n{lines}")

    for size in (1, 3, 49, 50, 51):
        part = check(f"id,subject,amount\n{lines}", chunk_size=size)
        assert (part.rows, part.invalid, part.findings) == (whole.rows, whole.invalid, whole.findings)


def test_memory_of_texts_is_bounded(check, monkeypatch):
    """A column may have more distinct texts than are remembered."""
    monkeypatch.setattr("schemas.column.REMEMBERED", 3)
    monkeypatch.setattr("schemas.ticket.KNOWN_LIMIT", 3)

    checked = check(
        "id,vip\n" + "".join(f"{n + 1},{'yes' if n % 2 else 'x'}{n % 9 or ''}\n" for n in range(40)), chunk_size=8
    )

    assert len(checked.rows) + len(checked.invalid) == 40
    assert checked.wanted(11) == {"vip": "true"} if 11 in checked.rows else True
    assert all(code == "invalid_boolean" for _, code in checked.codes)


@pytest.mark.parametrize(
    ("reading", "option"),
    [
        (Reading(locale="xx-YY"), "--locale"),
        (Reading(locale="not a locale"), "--locale"),
        (Reading(date_format="banana"), "--date-format"),
        (Reading(time_zone="Mars/Olympus"), "--timezone"),
        (Reading(time_zone="../etc/passwd"), "--timezone"),
    ],
)
def test_an_option_that_nobody_understands_is_named(reading, option):
    with pytest.raises(UsageError, match=option) as error:
        check_reading(reading)

    assert error.value.exit_code == 2


class _BrokenTable(loader.Table):
    """A table whose values break a check: they are numbers, where text is promised."""

    source, sheet, header_row, headers, notices, empty_headers_with_data = None, None, 1, ("id", "p"), (), ()

    def chunks(self, positions, size):
        yield Chunk([2], {position: [["1", "x" * 70_000][position]] for position in positions})


def test_a_check_that_raises_is_our_bug_and_no_verdict(monkeypatch, portal):
    """It must not end as an error in somebody's cell."""

    def fails(_):
        raise ZeroDivisionError

    monkeypatch.setattr("schemas.ticket._fits_length", fails)
    columns = Columns(KeyColumn(0, "id", "id"), (ValueColumn(1, "p", Property("p", "P", "string", "text")),), 1)

    with pytest.raises(RuntimeError, match="too_long"):
        list(Validation(_BrokenTable(), columns, portal, Reading()))
