"""Offer a person at the terminal what findings suggest: each kind that suggests one text, with all its cells at once.

In:  the journal of a run whose rows are judged.
Out: the cells to correct and where, as far as the person agreed; the file is corrected and judged anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from importer.errors import FileError
from importer.findings import Finding, cell_name
from importer.jobs.context import Context
from importer.jobs.corrections import can_correct, copy_name, correction_of, suggestion, write_corrections, wrong_part
from importer.jobs.job import Job
from importer.jobs.options import OffersCorrections, RunOptions
from importer.journal import FindingGroup, RunRecord
from importer.journal.run_record import Correction
from importer.labels import clip, header_text
from schemas.cells import shown
from schemas.message import Message, count_message, message
from schemas.property import PortalSchema

MOST_OFFERED = 5
"""Suggestions that are asked about; the others stand in the findings as ever."""
MOST_READ = 5_000
"""Groups of findings among which the largest are looked for."""
MOST_LOOKED_AT = 50
"""Kinds of findings that are tried: what a cell may hold is worked out for each."""
MOST_CELLS = 1_000_000
HEADER_LENGTH = 30
"""Of a column in a question."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Findings of one column that say the same, and the text that they suggest."""

    groups: Sequence[FindingGroup]
    text: str

    @property
    def first(self) -> Finding:
        return self.groups[0].first

    def question(self, schema: PortalSchema) -> Message:
        """Return what to ask."""
        cells = sum(one.count for one in self.groups)
        facts = {
            "column": clip(header_text(self.first.header), HEADER_LENGTH),
            "value": shown(wrong_part(self.first, schema)),
            "text": self.text,
        }
        if cells == 1:
            cell = cell_name(self.first.row, self.first.position) or ""
            return message('{column}: {cell} says "{value}"; use "{text}"?', cell=cell, **facts)
        return count_message(
            '{column}: {count} cell says "{value}"; use "{text}"?',
            '{column}: {count} cells say "{value}"; use "{text}"?',
            cells,
            **facts,
        )


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the person wants corrected. `target`: a copy; None for the file itself."""

    options: RunOptions
    record: RunRecord
    corrections: Sequence[Correction]
    target: Path | None


def ask_corrections(job: Job) -> Agreed | None:
    """Ask about what the findings suggest, and where to write it; None where nothing is to be corrected."""
    ui, options, record = job.ui, job.options, job.journal.record
    is_left_to_person = options.on_invalid == "ask" and not options.yes and not options.dry_run
    if not (options.offers_corrections and is_left_to_person and ui.can_ask and isinstance(ui, OffersCorrections)):
        return None
    groups = job.journal.report.remark_groups(rows=MOST_CELLS, limit=MOST_READ)
    offers = list(islice(_offers(groups, job.schema), MOST_OFFERED))
    if not offers or not can_correct(record):
        return None
    answers = ui.ask_each([one.question(job.schema) for one in offers])
    agreed = [offer for offer, answer in zip(offers, answers, strict=True) if answer]
    found = _corrections(agreed, job.schema)
    if not found:
        return None
    file, copy = Path(record.file), copy_name(Path(record.file))
    into_file = count_message(
        "Write the corrected cell into {file}?", "Write the {count} corrected cells into {file}?", len(found),
        file=file.name,
    )  # fmt: skip
    if ui.ask(into_file):
        return Agreed(options, record, found, None)
    if ui.ask(message("Write a corrected copy, {file}, and go on with that?", file=copy.name)):
        return Agreed(options, record, found, copy)
    return None


def _offers(groups: Iterable[FindingGroup], schema: PortalSchema) -> Iterator[Offer]:
    """Yield what can be offered, the suggestion for most cells first."""
    alike: dict[tuple[object, ...], list[FindingGroup]] = {}
    for one in groups:
        if one.first.row is not None and "near" in one.first.text.values:
            alike.setdefault((one.first.position, repr(one.first.text.to_json())), []).append(one)
    largest = sorted(alike.values(), key=lambda found: -sum(one.count for one in found))
    for same in largest[:MOST_LOOKED_AT]:
        text = suggestion(same[0].first, schema)
        if text is not None and correction_of(same[0].first, text, schema) is not None:
            yield Offer(same, text)


def _corrections(offers: Iterable[Offer], schema: PortalSchema) -> list[Correction]:
    """Return the corrections, one for each cell: what is wrong twice in a cell is corrected in both places."""
    cells: dict[tuple[int, int], Correction] = {}
    for offer in offers:
        for group in offer.groups:
            for row in group.rows:
                assert group.first.position is not None
                place = (row, group.first.position)
                earlier = cells.get(place)
                value = earlier.after if earlier else group.first.value
                found = correction_of(replace(group.first, row=row, value=value), offer.text, schema)
                assert found is not None
                cells[place] = found._replace(before=earlier.before) if earlier else found
    return list(cells.values())


def correct(agreed: Agreed, context: Context) -> RunOptions:
    """Write what was agreed to; return the options of the run that judges it.

    Where it cannot be written, that is said, and the run goes on with the file as it is.
    """
    options = replace(agreed.options, offers_corrections=False)
    try:
        written = write_corrections(agreed.corrections, agreed.record, context.state, target=agreed.target)
    except FileError as error:
        context.ui.say(error.text)
        return options
    context.ui.say(
        count_message(
            "One cell was corrected in {file}.",
            "{count} cells were corrected in {file}.",
            len(agreed.corrections),
            file=written.name,
        )
    )
    return replace(options, file=written, corrections=(*options.corrections, *agreed.corrections))
