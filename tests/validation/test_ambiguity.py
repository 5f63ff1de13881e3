"""Texts that can be read in two ways are settled by their column, over the whole file, or refused."""

import pytest

from importer.loader.delimited import DelimitedTable


def test_one_cell_settles_the_dates_of_its_column(check):
    checked = check("id,Due on\n501,03/04/2026\n502,25/03/2026\n503,3.4.2026\n")

    assert [checked.wanted(row)["due_on"] for row in (2, 3, 4)] == ["2026-04-03", "2026-03-25", "2026-04-03"]
    assert checked.notices == [
        'B "Due on": dates are read as day-month-year, as "25/03/2026" can be read in no other way.'
    ]


def test_months_first(check):
    checked = check("id,Due on\n501,03/04/2026\n502,03/25/2026\n")

    assert checked.wanted(2)["due_on"] == "2026-03-04"
    assert "month-day-year" in checked.notices[0]


def test_dates_that_nothing_settles_are_refused(check):
    checked = check("id,Due on\n501,03/04/2026\n502,2026-03-25\n503,05/05/2026\n")

    assert checked.codes == [("B2", "ambiguous_date")]
    assert "2026-04-03 or 2026-03-04" in str(checked.findings[0].text)
    assert checked.wanted(4)["due_on"] == "2026-05-05"
    assert checked.notices == []


def test_cells_that_contradict_each_other_settle_nothing(check):
    checked = check("id,Due on\n501,03/04/2026\n502,25/03/2026\n503,03/25/2026\n")

    assert checked.codes == [("B2", "ambiguous_date")]
    assert checked.wanted(3)["due_on"] == checked.wanted(4)["due_on"] == "2026-03-25"


@pytest.mark.parametrize("chunk_size", [1, 2, 3])
def test_a_later_chunk_settles_an_earlier_one(check, chunk_size):
    checked = check(
        'id,Due on,amount\n501,03/04/2026,1.234\n502,,\n503,05/06/2026,2\n504,25/03/2026,"1,5"\n', chunk_size=chunk_size
    )

    assert checked.findings == []
    assert checked.wanted(2) == {"due_on": "2026-04-03", "amount": "1234"}
    assert len(checked.notices) == 2


def test_a_contradiction_in_a_later_chunk_counts_too(check):
    checked = check("id,Due on\n501,25/03/2026\n502,03/04/2026\n503,03/25/2026\n", chunk_size=2)

    assert checked.codes == [("B3", "ambiguous_date")]


def test_datetimes_are_settled_likewise(check):
    checked = check("id,Starts at\n501,03/04/2026 12:30\n502,25/03/2026 12:30\n")

    assert checked.wanted(2)["starts_at"] == "2026-04-03T16:30:00.000Z"


def test_numbers_are_settled_by_their_column(check):
    checked = check('id,amount\n501,"1,234"\n502,1.5\n503,7\n')

    assert checked.wanted(2)["amount"] == "1234"
    assert checked.notices == [
        'B "amount": numbers are read with a decimal point (1.5), as "1.5" can be read in no other way.'
    ]


def test_numbers_with_a_decimal_comma(check):
    checked = check('id,amount\n501,1.234\n502,"1,5"\n')

    assert checked.wanted(2)["amount"] == "1234"
    assert "decimal comma" in checked.notices[0]


def test_numbers_that_nothing_settles_are_refused(check):
    checked = check('id,amount\n501,1.234\n502,"12,345"\n503,1234\n')

    assert checked.codes == [("B2", "ambiguous_number"), ("B3", "ambiguous_number")]


def test_a_locale_leaves_no_doubt(check):
    checked = check("id,Due on,amount\n501,03/04/2026,1.234\n", locale="pt-BR")

    assert checked.wanted(2) == {"due_on": "2026-04-03", "amount": "1234"}
    assert checked.notices == []


def test_typed_cells_prove_nothing_and_are_in_no_doubt(check):
    checked = check([["id", "amount"], [501, 1.5], [502, "1.234"]])

    assert checked.codes == [("B3", "ambiguous_number")]


def test_a_file_without_doubtful_cells_is_read_once(check, monkeypatch):
    reads = []
    chunks = DelimitedTable.chunks

    def counted(self, positions, size):
        reads.append(positions)
        return chunks(self, positions, size)

    monkeypatch.setattr(DelimitedTable, "chunks", counted)
    lines = "".join(f"{500 + n},25/03/2026,1.5\n" for n in range(10))

    check(f"id,Due on,amount\n{lines}", chunk_size=3)
    assert len(reads) == 1

    check(f"id,Due on,amount\n{lines}599,03/04/2026,1.5\n", chunk_size=3)
    assert reads[1:] == [[0, 1, 2], [1]]
