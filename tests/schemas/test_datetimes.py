"""Days and moments, in every form that sheets, exports and HubSpot's lists have."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from schemas.cells import Kind, Problem, Reading
from schemas.types.datetime import DateConverter, DatetimeConverter, moment_text, parse_day, parse_moment

LOCALES = ("en-US", "en-GB", "pt-BR", "pt-PT", "es", "de", "fr", "sv", "it")
NEW_YORK = "America/New_York"

days = st.dates(date(1970, 1, 1), date(2068, 12, 31))
moments = st.datetimes(datetime(1974, 1, 1), datetime(2100, 1, 1)).map(lambda one: one.replace(microsecond=0))  # noqa: DTZ001


def answer(result):
    """Return a value, or the code of what is wrong."""
    return result.code if isinstance(result, Problem) else result


def read_day(text, kind=Kind.TEXT, **reading):
    return answer(DateConverter(Reading(**reading))(text, kind))


def read_moment(text, kind=Kind.TEXT, **reading):
    return answer(DatetimeConverter(Reading(**reading))(text, kind))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-03-04", "2026-03-04"),
        (" 2026-03-04 ", "2026-03-04"),
        ("2026-3-4", "2026-03-04"),
        ("2026/03/04", "2026-03-04"),
        ("2026.03.04", "2026-03-04"),
        ("2026-03-04T00:00:00Z", "2026-03-04"),
        ("2026-03-04 00:00", "2026-03-04"),
        ("2026-03-04T00:00:00.000+02:00", "2026-03-04"),
        ("1572480000000", "2019-10-31"),
        ("-631152000000", "1950-01-01"),
        ("25/03/2026", "2026-03-25"),
        ("03/25/2026", "2026-03-25"),
        ("03/03/2026", "2026-03-03"),
        ("4 Mar 2026", "2026-03-04"),
        ("March 4, 2026", "2026-03-04"),
        ("Mar 4 2026", "2026-03-04"),
        ("4-Mar-26", "2026-03-04"),
        ("4th March 2026", "2026-03-04"),
        ("99/12/31", "1999-12-31"),
        ("03/04/2026", "ambiguous_date"),
        ("3.4.2026", "ambiguous_date"),
        ("03/04/26", "ambiguous_date"),
        ("2026-03-04 10:00", "invalid_date"),
        ("2026-03-04T23:59:59.999Z", "invalid_date"),
        ("1572480000001", "invalid_date"),
        ("1635535865", "invalid_date"),
        ("0", "invalid_date"),
        ("45000", "invalid_date"),
        ("20260304", "invalid_date"),
        ("2026-02-30", "invalid_date"),
        ("0026-03-04", "invalid_date"),
        ("31/02/2026", "invalid_date"),
        ("2026-03", "invalid_date"),
        ("tomorrow", "invalid_date"),
        ("4 Foo 2026", "invalid_date"),
    ],
)
def test_days_without_a_locale(text, value):
    assert read_day(text) == value


@pytest.mark.parametrize(
    ("locale", "text", "value"),
    [
        ("en-US", "03/04/2026", "2026-03-04"),
        ("en-US", "3/4/26", "2026-03-04"),
        ("en-US", "25/03/2026", "invalid_date"),
        ("en-GB", "03/04/2026", "2026-04-03"),
        ("pt-BR", "03/04/2026", "2026-04-03"),
        ("pt-BR", "4 de março de 2026", "2026-03-04"),
        ("pt-BR", "4 mar. 2026", "2026-03-04"),
        ("pt-PT", "03/04/26", "2026-04-03"),
        ("es", "4 de marzo de 2026", "2026-03-04"),
        ("es", "3/4/2026", "2026-04-03"),
        ("de", "03.04.2026", "2026-04-03"),
        ("de", "4. März 2026", "2026-03-04"),
        ("fr", "03/04/2026", "2026-04-03"),
        ("fr", "1er mars 2026", "2026-03-01"),
        ("fr", "4 févr. 2026", "2026-02-04"),
        ("pt-BR", "4 DE MARÇO DE 2026", "2026-03-04"),
        ("pt-BR", "04/mar/2026", "2026-03-04"),
        ("pt-BR", "4 de marc\u0327o de 2026", "2026-03-04"),
        ("en-GB", "4 Sept 2026", "2026-09-04"),
        # weekdays, as long dates have them; another day's is a slip of somebody's
        ("en-US", "Wednesday, March 4, 2026", "2026-03-04"),
        ("en-US", "Thursday, March 4, 2026", "invalid_date"),
        ("pt-BR", "quarta-feira, 4 de março de 2026", "2026-03-04"),
        ("fr", "mercredi 4 mars 2026", "2026-03-04"),
        ("de", "Mi., 4. März 2026", "2026-03-04"),
        ("es", "mar, 3 mar 2026", "2026-03-03"),
        ("sv", "ons 03/04/2026", "2026-03-04"),
        ("sv", "lör 03/04/2026", "invalid_date"),
        ("sv", "fre 03/04/2026", "2026-04-03"),
        ("sv", "2026-03-04", "2026-03-04"),
        ("sv", "03/04/2026", "ambiguous_date"),
    ],
)
def test_days_with_a_locale(locale, text, value):
    assert read_day(text, locale=locale) == value


@pytest.mark.parametrize(
    ("written", "text", "value"),
    [
        ("DD/MM/YYYY", "03/04/2026", "2026-04-03"),
        ("DD/MM/YYYY HH:mm", "03/04/2026", "2026-04-03"),
        ("DD/MM/YYYY HH:mm", "03/04/2026 00:00", "2026-04-03"),
        ("DD/MM/YYYY HH:mm", "03/04/2026 12:30", "invalid_date"),
        ("MM/DD/YYYY", "03/04/2026", "2026-03-04"),
        ("MM/DD/YYYY", "25/03/2026", "invalid_date"),
        ("%d/%m/%Y", "03/04/2026", "2026-04-03"),
        ("%m/%d/%Y", "03/04/2026", "2026-03-04"),
        ("dd/mm/yyyy", "03/04/2026", "2026-04-03"),
        ("D.M.YY", "3.4.26", "2026-04-03"),
        ("YYYYMMDD", "20260304", "2026-03-04"),
        ("%Y%m%d", "20260304", "2026-03-04"),
        ("DD-MMM-YYYY", "04-Mar-2026", "2026-03-04"),
        ("%d %B %Y", "4 March 2026", "2026-03-04"),
        ("DD/MM/YYYY", "2026-03-04", "2026-03-04"),
        ("DD/MM/YYYY", "1572480000000", "2019-10-31"),
        ("DD/MM/YYYY", "soon", "invalid_date"),
    ],
)
def test_days_in_a_given_format(written, text, value):
    assert read_day(text, date_format=written) == value


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("2026-03-04", Kind.DATE, "2026-03-04"),
        ("2026-03-04 00:00:00", Kind.DATETIME, "2026-03-04"),
        ("2026-03-04 10:00:00", Kind.DATETIME, "invalid_date"),
        ("1572480000000", Kind.NUMBER, "2019-10-31"),
        ("46085", Kind.NUMBER, "invalid_date"),
        ("10:00:00", Kind.TIME, "invalid_date"),
        ("TRUE", Kind.BOOL, "invalid_date"),
    ],
)
def test_days_in_typed_cells(text, kind, value):
    assert read_day(text, kind) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-03-04T12:30:00Z", "2026-03-04T12:30:00.000Z"),
        ("2026-03-04T12:30Z", "2026-03-04T12:30:00.000Z"),
        ("2026-03-04t12:30:00z", "2026-03-04T12:30:00.000Z"),
        ("2026-03-04T12:30:00.5+02:00", "2026-03-04T10:30:00.500Z"),
        ("2026-03-04T12:30:00.123456Z", "2026-03-04T12:30:00.123Z"),
        ("2026-03-04 12:30:00 -0300", "2026-03-04T15:30:00.000Z"),
        ("2026-03-04 12:30", "2026-03-04T17:30:00.000Z"),
        ("2026-07-04 12:30:15", "2026-07-04T16:30:15.000Z"),
        ("2026-03-04", "2026-03-04T05:00:00.000Z"),
        ("1572480000000", "2019-10-31T00:00:00.000Z"),
        ("1572480000123", "2019-10-31T00:00:00.123Z"),
        ("Aug 1, 2025 10:14 PM GMT+5:30", "2025-08-01T16:44:00.000Z"),
        ("Aug 1, 2025 10:14 PM GMT-3", "2025-08-02T01:14:00.000Z"),
        ("Aug 1, 2025 10:14 PM UTC", "2025-08-01T22:14:00.000Z"),
        ("Aug 1, 2025 10:14 PM EDT", "2025-08-02T02:14:00.000Z"),
        ("Sept 1, 2025 10:14 PM GMT+05:30", "2025-09-01T16:44:00.000Z"),
        ("Wed, 04 Mar 2026 12:30:00 GMT", "2026-03-04T12:30:00.000Z"),
        ("Aug 1, 2025 at 10:14 PM", "2025-08-02T02:14:00.000Z"),
        ("Aug 1, 2025 12:14 AM", "2025-08-01T04:14:00.000Z"),
        ("Aug 1, 2025 12:14 PM", "2025-08-01T16:14:00.000Z"),
        ("3/25/2026 1:30 PM", "2026-03-25T17:30:00.000Z"),
        ("3/25/2026 1:30pm", "2026-03-25T17:30:00.000Z"),
        ("25/03/2026 14h30", "2026-03-25T18:30:00.000Z"),
        ("3/25/2026 10 PM", "2026-03-26T02:00:00.000Z"),
        ("Aug 1, 2025 10:14 PM BRT", "invalid_datetime"),
        ("3/25/2026 13:30 PM", "invalid_datetime"),
        ("3/25/2026 0:30 AM", "invalid_datetime"),
        ("2026-03-04 24:00", "invalid_datetime"),
        ("2026-03-04 12:60", "invalid_datetime"),
        ("2026-03-04 12", "invalid_datetime"),
        ("03/04/2026 12:30", "ambiguous_date"),
        ("1635535865", "invalid_datetime"),
        ("202603041230", "invalid_datetime"),
        ("20260304123000", "invalid_datetime"),
        ("12:30", "invalid_datetime"),
        ("9999-12-31 23:59", "invalid_datetime"),
        ("2026-03-04 12:30 +99:00", "invalid_datetime"),
        ("soon", "invalid_datetime"),
    ],
)
def test_moments(text, value):
    """Text without a zone is read in the portal's."""
    assert read_moment(text, time_zone=NEW_YORK) == value


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("2026-03-04 12:30:00", Kind.DATETIME, "2026-03-04T15:30:00.000Z"),
        ("2026-03-04 12:30:00.250", Kind.DATETIME, "2026-03-04T15:30:00.250Z"),
        ("2026-03-04", Kind.DATE, "2026-03-04T03:00:00.000Z"),
        ("1572480000000", Kind.NUMBER, "2019-10-31T00:00:00.000Z"),
        ("46085.5", Kind.NUMBER, "invalid_datetime"),
        ("12:30:00", Kind.TIME, "invalid_datetime"),
    ],
)
def test_moments_in_typed_cells(text, kind, value):
    assert read_moment(text, kind, time_zone="America/Sao_Paulo") == value


def test_an_hour_that_the_clocks_skip_does_not_exist():
    assert read_moment("2026-03-08 02:30", time_zone=NEW_YORK) == "invalid_datetime"
    assert read_moment("2026-03-08 03:30", time_zone=NEW_YORK) == "2026-03-08T07:30:00.000Z"


def test_a_day_that_a_zone_left_out_does_not_exist():
    """Samoa went from 29 to 31 December 2011; the clocks showed the same offset at both ends of the missing day."""
    converter = DatetimeConverter(Reading(time_zone="Pacific/Apia"))

    assert converter.convert_all(["2011-12-30 10:00", "2011-12-31 10:00"], Kind.TEXT) == [
        None,
        "2011-12-30T20:00:00.000Z",
    ]
    assert answer(converter("2011-12-30 10:00", Kind.TEXT)) == "invalid_datetime"


def test_of_an_hour_that_comes_twice_the_first_is_meant():
    assert read_moment("2026-11-01 01:30", time_zone=NEW_YORK) == "2026-11-01T05:30:00.000Z"
    assert read_moment("2026-11-01 01:30 EST", time_zone=NEW_YORK) == "2026-11-01T06:30:00.000Z"


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("pt-BR", "4 de março de 2026 às 13:30"),
        ("fr", "4 mars 2026 à 13:30"),
        ("de", "4. März 2026 um 13:30"),
        ("en-GB", "Wednesday, 4 March 2026 at 13:30"),
    ],
)
def test_moments_with_a_word_between_day_and_time(locale, text):
    assert read_moment(text, locale=locale) == "2026-03-04T13:30:00.000Z"


@pytest.mark.parametrize(
    ("written", "text", "value"),
    [
        ("DD/MM/YYYY HH:mm", "03/04/2026 12:30", "2026-04-03T12:30:00.000Z"),
        ("DD/MM/YYYY HH:mm", "03/04/2026", "2026-04-03T00:00:00.000Z"),
        ("DD/MM/YYYY", "03/04/2026 12:30", "2026-04-03T12:30:00.000Z"),
        ("DD/MM/YYYY hh:mm A", "03/04/2026 12:30 AM", "2026-04-03T00:30:00.000Z"),
        ("%d/%m/%Y %I:%M %p", "03/04/2026 01:30 PM", "2026-04-03T13:30:00.000Z"),
        ("%Y-%m-%dT%H:%M:%S%z", "2026-04-03T12:30:00+0200", "2026-04-03T10:30:00.000Z"),
        ("%d.%m.%Y %T", "03.04.2026 12:30:15", "2026-04-03T12:30:15.000Z"),
        ("YYYY-MM-DD HH:mm:ss.SSS", "2026-04-03 12:30:15.250", "2026-04-03T12:30:15.250Z"),
        ("DD.MM.YYYY [um] HH:mm", "03.04.2026 um 12:30", "2026-04-03T12:30:00.000Z"),
        ("dd/mm/yyyy hh:mm", "03/04/2026 14:30", "2026-04-03T14:30:00.000Z"),
        ("DD/MM/YYYY HH:mm", "03/04/2026 25:30", "invalid_datetime"),
    ],
)
def test_moments_in_a_given_format(written, text, value):
    assert read_moment(text, date_format=written) == value


def test_a_given_format_comes_before_the_forms_that_it_resembles():
    """It is for what was typed: date cells are dates already."""
    odd = {"date_format": "YYYY-DD-MM HH:mm"}

    assert read_day("2026-04-03", date_format="YYYY-DD-MM") == "2026-03-04"
    assert read_day("2026-04-03 00:00:00", Kind.DATETIME, date_format="YYYY-DD-MM") == "2026-04-03"
    assert read_moment("2026-04-03 12:30", **odd) == "2026-03-04T12:30:00.000Z"
    assert read_moment("2026-04-03 12:30:00", Kind.DATETIME, **odd) == "2026-04-03T12:30:00.000Z"
    assert read_moment("2026-04-03", Kind.DATE, date_format="YYYY-DD-MM") == "2026-04-03T00:00:00.000Z"
    assert DatetimeConverter(Reading(**odd)).convert_all(["2026-04-03 12:30"], Kind.TEXT) == [None]


@pytest.mark.parametrize(
    ("text", "kind", "last"),
    [
        ("2026-03-04 12:30", Kind.TEXT, "2026-03-04T12:30:59.999Z"),
        ("2026-03-04T12:30:01Z", Kind.TEXT, "2026-03-04T12:30:01.999Z"),
        ("2026-03-04T12:30:01.120Z", Kind.TEXT, "2026-03-04T12:30:01.120Z"),
        ("1572480000123", Kind.TEXT, "2019-10-31T00:00:00.123Z"),
        ("2026-03-04", Kind.DATE, "2026-03-04T23:59:59.999Z"),
        ("2026-03-04 12:30:00", Kind.DATETIME, "2026-03-04T12:30:00.999Z"),
        ("2026-03-04 12:30:00.500", Kind.DATETIME, "2026-03-04T12:30:00.500Z"),
        ("2026-03-04 12:30", Kind.DATETIME, "2026-03-04T12:30:59.999Z"),
    ],
)
def test_a_cell_covers_what_it_does_not_show(text, kind, last):
    """12:30 stands for the whole minute: a change at 12:30:20 is not later than the sheet."""
    assert moment_text(DatetimeConverter(Reading()).last_covered(text, kind)) == last


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("2026-03-08", "2026-03-09T03:59:59.999Z"),
        ("2026-11-01", "2026-11-02T04:59:59.999Z"),
        ("2026-11-02", "2026-11-03T04:59:59.999Z"),
    ],
)
def test_a_day_covers_all_of_its_hours(text, last):
    """23 where the clocks go forward, 25 where they go back."""
    converter = DatetimeConverter(Reading(time_zone="America/New_York"))

    assert moment_text(converter.last_covered(text, Kind.DATE)) == last


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("width", ["short", "medium", "long"])
@given(day=days)
def test_what_a_locale_writes_it_reads(locale, width, day):
    """Every day, written as the locale writes it, is read as that day."""
    if locale == "sv" and width == "short":
        width = "medium"
    if day.year < 1969:
        day = day.replace(year=1969)

    assert read_day(format_date(day, width, locale=locale.replace("-", "_")), locale=locale) == day.isoformat()


@given(moment=moments, offset=st.integers(-14 * 4, 14 * 4))
def test_every_instant_is_read_as_itself(moment, offset):
    local = moment.replace(tzinfo=UTC) + timedelta(minutes=15 * offset)
    sign = "-" if offset < 0 else "+"
    written = f"{local:%Y-%m-%dT%H:%M:%S}{sign}{abs(offset) // 4:02}:{abs(offset) % 4 * 15:02}"

    assert read_moment(written) == f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


@given(moment=moments, zone=st.sampled_from([NEW_YORK, "America/Sao_Paulo", "Asia/Kolkata", "Europe/Lisbon", "UTC"]))
def test_every_local_time_is_read_in_its_zone(moment, zone):
    """What is shown in a zone is read back as that instant, or as the other one in an hour that comes twice."""
    shown = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    converter = DatetimeConverter(Reading(time_zone=zone))
    text = f"{shown:%Y-%m-%d %H:%M:%S}"

    value = converter(text, Kind.TEXT)

    assert value == moment_text(shown.replace(fold=0))
    assert converter.convert_all([text], Kind.TEXT)[0] in {None, value}


@given(day=days)
def test_a_converted_value_converts_to_itself(day):
    assert read_day(day.isoformat()) == day.isoformat()
    moment = f"{day}T12:30:00.000Z"
    assert read_moment(moment) == moment


@given(text=st.text(max_size=20))
def test_any_text_has_an_answer(text):
    for converter in (DateConverter(Reading()), DatetimeConverter(Reading())):
        assert isinstance(converter(text, Kind.TEXT), str | Problem)
        assert isinstance(converter.ways(text), tuple)


def test_what_a_portal_holds_is_understood_in_all_its_forms():
    assert parse_day("2026-03-04") == parse_day("1772582400000") == parse_day("2026-03-04T00:00:00Z")
    assert (
        parse_moment("2026-03-04T00:00:00Z")
        == parse_moment("1772582400000")
        == parse_moment("2026-03-04T00:00:00.000Z")
    )
    assert parse_day("later") is None
    assert parse_moment("later") is None
    assert parse_moment("99999999999999999") is None


@pytest.mark.parametrize(
    ("text", "locale", "reason"),
    [
        ("31/02/2026", None, "February has 28 days in 2026"),
        ("02/31/2026", None, "February has 28 days in 2026"),
        ("29.02.2027", "de", "February has 28 days in 2027"),
        ("2026-02-30", None, "February has 28 days in 2026"),
        ("31 April 2026", None, "April has 30 days in 2026"),
        ("2026-13-01", None, "there is no month 13"),
        ("25/03/2026", "en-US", "there is no month 25"),
        ("2026-03-00", None, "there is no day 0"),
        ("31/31/2026", None, "there is no month 31"),
    ],
)
def test_a_day_that_does_not_exist_is_explained(text, locale, reason):
    """What is wrong with this date, not how dates are written."""
    for converter in (DateConverter, DatetimeConverter):
        found = converter(Reading(locale=locale))(text, Kind.TEXT)

        assert str(found.text) == f'"{text}" isn\'t a valid date: {reason}'


@pytest.mark.parametrize(
    ("text", "date_format", "reason"),
    [
        ("31/02/2026", "DD/MM/YYYY", "February has 28 days in 2026"),
        ("02/31/2026", "DD/MM/YYYY", "there is no month 31"),
        ("02/31/2026", "MM/DD/YYYY", "February has 28 days in 2026"),
        ("2026-02-30", "DD/MM/YYYY", "February has 28 days in 2026"),
    ],
)
def test_so_it_is_by_the_order_of_a_date_format(text, date_format, reason):
    for converter in (DateConverter, DatetimeConverter):
        found = converter(Reading(date_format=date_format))(text, Kind.TEXT)

        assert str(found.text) == f'"{text}" isn\'t a valid date: {reason}'
