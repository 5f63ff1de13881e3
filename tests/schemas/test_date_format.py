"""`--date-format`."""

import pytest

from schemas.date_format import compile_date_format
from schemas.dates import calendar_of


@pytest.mark.parametrize("text", ["", "DD/MM", "HH:mm", "%d/%m", "%Q", "DD/MM/YYYY YYYY", "banana", "%d/%m/%Y/%m"])
def test_a_format_that_names_no_day_is_refused(text):
    with pytest.raises(ValueError, match=r"it must name|is not known in it"):
        compile_date_format(text)


@pytest.mark.parametrize(
    ("text", "order"), [("DD/MM/YYYY", "DMY"), ("%m/%d/%y", "MDY"), ("yyyy-mm-dd", "YMD"), ("%D", "MDY"), ("%F", "YMD")]
)
def test_a_format_tells_the_order(text, order):
    assert compile_date_format(text).order == order


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("DD/MM/YYYY", "3/4/2026"),
        ("DD/MM/YYYY", "03/04/2026"),
        ("%-d/%-m/%Y", "3/4/2026"),
        ("[on] DD.MM.YYYY", "on 03.04.2026"),
        ("'day' DD.MM.YYYY", "day 03.04.2026"),
        ("DDMMYYYY", "03042026"),
        ("%d%% %m %Y", "3% 4 2026"),
        ("dddd, D MMMM YYYY", "Friday, 3 April 2026"),
        ("%a %d %b %Y", "FRI 03 Apr. 2026"),
    ],
)
def test_a_text_in_the_format_is_read(text, cell):
    written = compile_date_format(text).read(cell, calendar_of(None))

    assert written.days["format"].isoformat() == "2026-04-03"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("DD/MM/YYYY", "31/02/2026"),
        ("DD/MM/YYYY", "2026"),
        ("DD MMMM YYYY", "3 Foo 2026"),
        ("ddd D MMM YYYY", "Sat 3 Apr 2026"),
        ("DD/MM/YYYY h:mm A", "3/4/2026 13:00 PM"),
    ],
)
def test_a_text_that_is_no_date_in_it_is_not(text, cell):
    assert compile_date_format(text).read(cell, calendar_of(None)) is None
