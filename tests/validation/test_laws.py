"""Whatever stands in the cells: every row ends once, with values or with findings that name it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from importer.findings import CODES
from importer.loader.table import Chunk, Table
from importer.model import Columns, KeyColumn, ValueColumn
from importer.validation.validator import Validation
from schemas.cells import Kind, Reading, shows_nothing
from tests.checked_portal import checked_portal
from tests.laws import examples

NAMES = (
    "subject",
    "content",
    "hs_pipeline",
    "hs_pipeline_stage",
    "hs_ticket_priority",
    "hs_ticket_category",
    "hubspot_owner_id",
    "amount",
    "due_on",
    "starts_at",
    "vip",
    "city",
)
SAMPLES = (
    "",
    " ",
    "501",
    "1.234",
    "1,5",
    "25/03/2026",
    "03/04/2026",
    "2026-03-04 12:30",
    "New",
    "Refund sent",
    "0",
    "77",
    "Urgent",
    ";BILLING_ISSUE",
    "Product issue;Billing issue",
    "Ana Souza",
    "yes",
    "a\r\nb",
    "=1+1",
    "<script>",
)

GOOD = {
    "id": ("501", "25012345678"),
    "subject": ("Lamp", " two  words ", "a\nb", ""),
    "content": ("  text\r\n", "<b>", ""),
    "hs_pipeline": ("0",),
    "hs_pipeline_stage": ("New", "4"),
    "hs_ticket_priority": ("Urgent", "LOW", ""),
    "hs_ticket_category": (";BILLING_ISSUE", "Billing issue;Product issue", ""),
    "hubspot_owner_id": ("ana@example.com", "12", ""),
    "amount": ("1.5", "1,234.5", "-0.50", ""),
    "due_on": ("25/03/2026", "2026-03-04", ""),
    "starts_at": ("2026-03-04 12:30", "2026-03-04", "1572480000000", ""),
    "vip": ("yes", "0", ""),
    "city": ("Rio", ""),
}

any_cell = st.one_of(st.sampled_from(SAMPLES), st.text(max_size=12))
any_kind = st.sampled_from([Kind.TEXT, Kind.TEXT, Kind.NUMBER, Kind.BOOL, Kind.DATE, Kind.DATETIME, Kind.TIME])
any_row = st.lists(st.tuples(any_cell, any_kind), min_size=len(NAMES) + 1, max_size=len(NAMES) + 1)
good_row = st.tuples(*(st.sampled_from(GOOD[name]) for name in ("id", *NAMES))).map(
    lambda texts: [(text, Kind.TEXT) for text in texts]
)
lines = st.lists(st.one_of(any_row, good_row, good_row), max_size=5)


class Lines(Table):
    """Rows in memory."""

    source, sheet, header_row, headers, notices, empty_headers_with_data = None, None, 1, (), (), ()

    def __init__(self, rows, *, typed, chunk):
        self._rows, self._typed, self._chunk = rows, typed, chunk

    def chunks(self, positions, size):
        for start in range(0, len(self._rows), self._chunk):
            part = self._rows[start : start + self._chunk]
            texts = {at: [row[at][0] for row in part] for at in positions}
            numbers = list(range(start + 2, start + 2 + len(part)))
            found = {at: np.array([self._kind(*row[at]) for row in part], dtype=np.uint8) for at in positions}
            yield Chunk(numbers, texts, kinds=found if self._typed else {})

    def _kind(self, text, kind):
        return kind if text else Kind.BLANK


def validate(rows, *, typed=False, chunk=2, **reading):
    columns = Columns(
        KeyColumn(0, "id", "id"),
        tuple(ValueColumn(at, name, checked_portal().properties[name]) for at, name in enumerate(NAMES, start=1)),
        1,
    )
    chunks = list(Validation(Lines(rows, typed=typed, chunk=chunk), columns, checked_portal(), Reading(**reading)))
    return (
        {row.row: row for chunk in chunks for row in chunk.rows},
        [row for chunk in chunks for row, _ in chunk.invalid],
        [one for chunk in chunks for one in chunk.findings],
    )


@examples(40)
@given(
    rows=lines,
    typed=st.booleans(),
    blank=st.sampled_from(["clear", "keep"]),
    locale=st.sampled_from([None, "pt-BR", "en-US", "fr"]),
)
def test_every_row_ends_once(rows, typed, blank, locale):
    good, invalid, findings = validate(rows, typed=typed, blank=blank, locale=locale)
    blanks = {at + 2 for at, row in enumerate(rows) if all(shows_nothing(text) for text, _ in row)}

    assert sorted([*good, *invalid, *blanks]) == list(range(2, len(rows) + 2))
    assert {one.row for one in findings} == set(invalid)
    for one in findings:
        assert one.code in CODES
        assert one.cell is not None
        typed = rows[one.row - 2][one.position][0]
        assert one.value == typed or (one.value == "" and shows_nothing(typed))
        assert str(one.text)


@examples(30)
@given(rows=lines)
def test_what_passed_passes_again(rows):
    """Values are in HubSpot's form: written into a sheet as they are, they mean themselves."""
    good, _, _ = validate(rows, date_format="DD/MM/YYYY")
    again = [[(row.key, Kind.TEXT), *((row.wanted[name], Kind.TEXT) for name in NAMES)] for row in good.values()]

    once_more, invalid, _ = validate(again, date_format="DD/MM/YYYY")

    assert invalid == []
    assert [dict(row.wanted) for row in once_more.values()] == [dict(row.wanted) for row in good.values()]


@examples(30)
@given(rows=lines)
def test_a_cell_means_the_same_whatever_the_chunks(rows):
    """Doubtful cells are settled by the whole file, wherever its chunks end."""
    assert validate(rows, chunk=1) == validate(rows, chunk=100)
