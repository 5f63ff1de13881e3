"""What is said of a row, a place, a value: the same words in the spreadsheet, the terminal and the HTML page.

Text from the sheet or the portal is data. It leaves this module without control characters; escaping for HTML, a
spreadsheet or a terminal's markup is the business of whoever writes it there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import groupby
from typing import Any

from importer.findings import Finding, cell_name
from importer.i18n import PORTUGUESE, language_of
from importer.journal import BatchAnswer, Journal, RunRecord, dump, load_messages
from importer.journal.run_record import Correction
from importer.labels import clip, header_text, join_texts, moment_words, plain_text
from importer.model import Status
from importer.reports.column_plan import Range, Shown
from schemas.message import Message, Translations, count_message, message
from schemas.ticket_object import TICKET

_SWAPPED = str.maketrans(",.", ".,")
_SMALLEST_SHARE = 0.001

_LONGEST_HEADER = 60
_MINUTE, _HOUR = 60, 3600

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)


def place_of(finding: Finding, translations: Translations) -> str:
    """Return where a finding is, `D7 Priority`, or `D7 (line 9) Priority`; empty for a whole row or file."""
    header = clip(header_text(finding.header), _LONGEST_HEADER)
    line = message("(line {line})", line=finding.line).render(translations) if finding.cell and finding.line else ""
    return " ".join(part for part in (finding.cell, line, header) if part)


def finding_text(finding: Finding, translations: Translations) -> str:
    """Return what a finding says with its place, `D7 Priority: "Urgentt" isn't an option`."""
    place = place_of(finding, translations)
    text = plain_text(finding.text.render(translations))
    return f"{place}: {text}" if place else text


RowMessage = tuple[int, str, str, str]
"""What the spreadsheet says beside one row: (row, status, message, key)."""


def row_messages(
    journal: Journal, translations: Translations, join: Callable[[list[str]], str] = join_texts
) -> Iterator[RowMessage]:
    """Yield what became of every row, in row order, with its findings first and its notices after them.

    Streams: rows and remarks are read side by side, both in row order. A row without a status counts as not sent.
    """
    why_not_sent = _why_not_sent(journal.record).render(translations)
    found = groupby(journal.report.remarks(), key=lambda finding: finding.row)
    row_with_findings, findings = next(found, (None, iter(())))
    not_sent = str(Status.NOT_SENT)
    for row, key, status, same_as, notices in journal.report.statuses():
        while row_with_findings is None or row_with_findings < row:
            row_with_findings, findings = next(found, (_NO_MORE, iter(())))
        texts = [finding_text(one, translations) for one in findings] if row_with_findings == row else []
        if notices or same_as is not None:
            texts += _notices(load_messages(notices), same_as, translations)
        if texts:
            yield row, status or not_sent, join(texts), key
        elif status is None or status == not_sent:
            yield row, not_sent, why_not_sent, key
        else:
            yield row, status, "", key


_NO_MORE = 1 << 62
"""A row number beyond every sheet's."""


def _notices(told: Iterable[Message], same_as: int | None, translations: Translations) -> list[str]:
    notices = [plain_text(one.render(translations)) for one in told]
    if same_as is not None:
        notices.append(message("same as row {row}", row=same_as).render(translations))
    return notices


def _why_not_sent(record: RunRecord) -> Message:
    if record.stop:
        return record.stop
    if record.exit_code == 2:
        return message("Nothing was sent, because other rows are invalid.")
    return message("The run stopped before this row.")


def ticket_url(ui_domain: str, portal_id: str, ticket: str | None) -> str | None:
    """Return the address of a ticket's page, or None where the portal or the ticket is not known.

    Source: HubSpot knowledge base, "Record URLs": /contacts/{portal}/record/{object type}/{record}.
    """
    if not ticket or not ticket.isdecimal() or not portal_id.isdecimal() or not _HOST.fullmatch(ui_domain):
        return None
    return f"https://{ui_domain}/contacts/{portal_id}/record/{TICKET.type_id}/{ticket}"


def status_count(status: str, count: int, *, was_undo: bool = False) -> Message:
    """Return how many rows have a status, in a sentence: `22 updated`, after an undo `22 put back`."""
    return message("{count} {status}", count=count, status=status_words(status, count, was_undo=was_undo))


def status_words(status: str, count: int = 1, *, was_undo: bool = False) -> Message:
    """Return what rows of a status are, beside their number or name: `updated`, after an undo `put back`."""
    if was_undo and status == Status.UPDATED:
        return count_message("put back", "put back", count)
    return {
        Status.UPDATED: count_message("updated", "updated", count),
        Status.WOULD_UPDATE: count_message("would update", "would update", count),
        Status.MATCHES: count_message("matches", "matches", count),
        Status.UNCHANGED: message("unchanged"),
        Status.DIFFERS: count_message("differs", "differs", count),
        Status.INVALID: message("invalid"),
        Status.FAILED: count_message("failed", "failed", count),
        Status.NOT_SENT: count_message("not sent", "not sent", count),
    }[Status(status)]


def listed(texts: Sequence[Message]) -> Message:
    """Return messages, at least one, as one with commas between them; each is translated by itself."""
    parts = {f"part{number}": one for number, one in enumerate(texts)}
    return Message(", ".join(f"{{{name}}}" for name in parts), parts)


_KINDS = {"run": message("run"), "undo": message("undo"), "reconcile": message("reconcile")}
_STATES = {
    "reading": message("reading"),
    "planned": message("planned"),
    "refused": message("refused"),
    "sending": message("sending"),
    "stopped": message("stopped"),
    "interrupted": message("interrupted"),
    "reporting": message("reporting"),
    "finished": message("finished"),
    "undone": message("undone"),
    "damaged": message("damaged"),
}
_REQUESTS = {
    "read": message("read"),
    "update": message("update"),
    "retried": message("retried"),
    "rate_limited": message("rate limited"),
}


def kind_words(kind: str, *, dry_run: bool) -> Message:
    """Return what kind of run one is: `run`, or `run, dry`."""
    word = _KINDS.get(kind) or message("{kind}", kind=kind)
    return message("{kind}, dry", kind=word) if dry_run else word


def state_word(state: str) -> Message:
    """Return how far a run is."""
    return _STATES.get(state) or message("{state}", state=state)


def request_words(name: str, count: int) -> Message:
    """Return how many requests of a kind there were: `2 read`."""
    return message("{count} {what}", count=count, what=_REQUESTS.get(name) or message("{what}", what=name))


def grouped(number: int, translations: Translations) -> str:
    """Return a number with its thousands apart, as the language does: `45,000` or `45.000`."""
    told = f"{number:,}"
    return told.replace(",", ".") if language_of(translations) == PORTUGUESE else told


def value_text(value: Shown, translations: Translations, *, grouping: str = ",") -> str:
    """Return a value in the reader's form: in English `1,234.5`, `2026-03-04 09:30`; else `1.234,5`, `04/03/2026`.

    Days and moments in English stand in ISO 8601, since English writes days in two orders. grouping: the sign between
    thousands, as in English; empty for numbers that somebody goes on to work with.
    """
    if isinstance(value, str):
        return plain_text(value) or message("(empty)").render(translations)
    is_portuguese = language_of(translations) == PORTUGUESE
    if isinstance(value, Decimal):
        number = f"{value:{grouping}f}"
        return number.translate(_SWAPPED) if is_portuguese else number
    day = f"{value:%d/%m/}{value.year:04d}" if is_portuguese else f"{value.year:04d}{value:-%m-%d}"
    if not isinstance(value, datetime):
        return day
    fraction = f".{value.microsecond // 1000:03d}" if value.microsecond else ""
    seconds = f"{value:%H:%M:%S}{fraction}" if value.second or fraction else f"{value:%H:%M}"
    return f"{day} {seconds}"


def range_text(one: Range, translations: Translations) -> str:
    """Return from where to where some values go, or the only one."""
    first, last = (value_text(value, translations) for value in one)
    return first if first == last else f"{first} … {last}"


class Renderer:
    """Renders messages, numbers and values in one language."""

    def __init__(self, translations: Translations) -> None:
        self.translations = translations

    def __call__(self, text: Message) -> str:
        """Return `text` in that language."""
        return text.render(self.translations)

    def number(self, number: int) -> str:
        """Return `number` with its thousands apart."""
        return grouped(number, self.translations)

    def value(self, value: Shown) -> str:
        """Return a value in the form of the language."""
        return value_text(value, self.translations)

    def range(self, one: Range) -> str:
        """Return from where to where values go."""
        return range_text(one, self.translations)

    def percent(self, share: float) -> str:
        """Return a share (0 to 1) in per cent."""
        return percent(share, self.translations)


def local_moment(moment: str, *, zoned: bool = False) -> Message:
    """Return a moment (ISO 8601) as clocks here show it, in the reader's form; what is no moment stays as it is.

    zoned: with what clocks here are ahead of UTC, for who reads it elsewhere.
    """
    try:
        here = datetime.fromisoformat(moment).astimezone()
    except ValueError:
        return message("{moment}", moment=moment)
    return moment_words(here, f"{timezone(here.utcoffset() or timedelta())}" if zoned else "")


def duration(seconds: float) -> str:
    """Return a span of time as people say it: `2 s`, `3 min 20 s`, `1 h 5 min`."""
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole or 1} s" if seconds > 0 else "0 s"
    if whole < _HOUR:
        minutes, rest = divmod(whole, _MINUTE)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, rest = divmod(whole, _HOUR)
    return f"{hours} h {rest // _MINUTE} min" if rest >= _MINUTE else f"{hours} h"


def percent(share: float, translations: Translations) -> str:
    """Return a share (0 to 1) in per cent with one digit, `0.4`; a smaller one that is not nothing as `<0.1`."""
    figure = "<0.1" if 0 < share < _SMALLEST_SHARE else f"{share * 100:.1f}".removesuffix(".0")
    return figure.replace(".", ",") if language_of(translations) == PORTUGUESE else figure


def answer_line(answer: BatchAnswer) -> Message:
    """Return what the portal said of a batch: the rows in our words, all else under its own names."""
    told = {**answer.told, "correlationId": answer.correlation}
    names = ("status", "requestedAt", "startedAt", "completedAt", "links", "correlationId")
    facts = [(name, told[name]) for name in names if told.get(name)]
    words = ", ".join(f"{name} {one if isinstance(one, str) else dump(one)}" for name, one in facts)
    return message("rows {first} to {last}: {words}", first=answer.first, last=answer.last, words=plain_text(words))


def plan_facts(plan: Mapping[str, Any], *, zoned: bool = False) -> list[tuple[Message, Message]]:
    """Return who planned, approved and applied a plan, as the report names them. zoned: with the moments' zone."""
    acts: list[tuple[Message, Any]] = [
        (message("Planned by"), plan.get("planned")),
        (message("Approved by"), plan.get("approved")),
        (message("Applied by"), plan.get("applied")),
    ]
    people = [(title, one) for title, by in acts for one in ([by] if isinstance(by, Mapping) else by or ())]
    return [(title, _act(one, zoned=zoned)) for title, one in people]


def _act(who: Mapping[str, str], *, zoned: bool) -> Message:
    at = local_moment(who["at"], zoned=zoned)
    return message("{account} ({machine}), {at}", account=who["account"], machine=who["machine"], at=at)


def correction_lines(corrections: Iterable[Correction]) -> list[str]:
    """Return what was corrected before a run, a line for each column and pair of texts: `Priority: A → B (D8, D9)`."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for one in corrections:
        cells = groups.setdefault((one.header, one.before, one.after), [])
        cells.append(cell_name(one.row, one.position) or "")
    return [
        plain_text(f'{header}: "{clip(before, 100)}" → "{clip(after, 100)}" ({", ".join(cells)})')
        for (header, before, after), cells in groups.items()
    ]
