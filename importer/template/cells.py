"""What a cell of a template holds for a value of the portal, so that reading the cell gives the value again.

In:  values in HubSpot's own form, definitions, the portal's time zone.
Out: plain Python values: texts, numbers, booleans, days and moments; for choices the words that people see.

A value that its natural cell would bend (a number over 15 digits, an hour that the zone has twice, a label that two
options share) is written in a form that is read back exactly, though it is less handsome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from importer.ooxml.xml import within_cell
from schemas.cells import Converter, Kind, Reading, shows_nothing
from schemas.property import PortalSchema, Property
from schemas.property_type import SheetCell
from schemas.ticket_object import TICKET
from schemas.types.option import StageConverter
from schemas.types.text import line_breaks
from schemas.values import make_converter, type_of

AS_LABELS = Reading(options="labels")
"""How a template is read: it shows labels."""

Cell = SheetCell


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices of one property as people see them. `offered`: those of the drop-down, in order."""

    texts: Mapping[str, str]
    """Value -> text. A value that is not here is shown as it is."""
    offered: tuple[str, ...]
    multiple: Converter | None = None
    """What reads a cell with several choices; None where there can be but one."""
    by_pipeline: Mapping[str, tuple[str, ...]] | None = None
    """Stages: the offered texts by the text of their pipeline."""

    def show(self, value: str) -> str:
        """Return what the cell says."""
        if self.multiple is None:
            return self.texts.get(value, value)
        text = ";".join(self.texts.get(part, part) for part in value.split(";"))
        return text if self._is_read_back(text, value) or not self._is_read_back(value, value) else value

    def _is_read_back(self, text: str, value: str) -> bool:
        assert self.multiple is not None
        read = self.multiple(text, Kind.TEXT)
        return isinstance(read, str) and set(read.split(";")) == set(value.split(";"))


def choices_of(definition: Property, schema: PortalSchema, reading: Reading = AS_LABELS) -> Choices | None:
    """Return what people choose from, or None where the portal names no choices. reading: how their cells are read.

    A choice is shown by its label wherever the label, read as the label of a cell, leads back to it; else by its value
    where that does; else by the label, though it isn't offered: it is refused where it is copied into another cell.
    """
    if definition.name == TICKET.stage:
        return _stages(schema, reading)
    reader = make_converter(definition, schema, reading)
    multiple = reader if definition.is_multiple else None

    def named(choices: Iterable[tuple[str, str]]) -> dict[str, str]:
        return {value: shown_text(reader, value, label) for value, label in choices}

    def offered(texts: Mapping[str, str], values: Iterable[str]) -> tuple[str, ...]:
        return tuple(texts[one] for one in values if reader(texts[one], Kind.TEXT) == one)

    if definition.name == TICKET.pipeline:
        texts = named((one.id, one.label) for one in schema.pipelines)
        return Choices(texts, offered(texts, texts)) if texts else None
    if definition.is_owner:
        texts = named((one.id, f"{one.name} ({one.email})" if one.name else one.email) for one in schema.owners)
        living = offered(texts, [one.id for one in schema.owners if not one.archived])
        return Choices(texts, tuple(sorted(living, key=str.casefold)), multiple) if texts else None
    if not definition.options or not (type_of(definition).shows_labels or _has_misleading_truths(definition, reader)):
        return None
    texts = named((one.value, one.label) for one in definition.options)
    return Choices(texts, offered(texts, [one.value for one in definition.options if not one.hidden]), multiple)


def _has_misleading_truths(definition: Property, read: Callable[[str, Kind], object]) -> bool:
    """Whether a cell of TRUE or FALSE would be read as the label of the other one."""
    values = {option.value for option in definition.options}
    return any(read(value.upper(), Kind.BOOL) != value for value in values & {"true", "false"})


def shown_text(read: Callable[[str, Kind], object], value: str, label: str) -> str:
    """Return what a cell shows for a choice: its label where that is read back as the choice, else its value."""
    for text in (label.strip(), value):
        if not shows_nothing(text) and read(text, Kind.TEXT) == value:
            return text
    return value if shows_nothing(label) else label.strip()


def _stages(schema: PortalSchema, reading: Reading) -> Choices | None:
    stages = StageConverter(schema.pipelines, reading)
    pipelines = choices_of(Property(TICKET.pipeline, "", "enumeration", "select"), schema, reading)
    if pipelines is None:
        return None
    texts: dict[str, str] = {}
    for pipeline in schema.pipelines:
        for stage in pipeline.stages:
            text = f"{stage.label} ({pipeline.label})"
            own = {pipeline.id: stage.id}
            texts[stage.id] = next((one for one in (text, stage.id) if stages.in_any(one) == own), text)
    by_pipeline = {
        pipelines.show(one.id): tuple(
            texts[stage.id]
            for stage in one.stages
            if not stage.locked and stages.in_any(texts[stage.id]) == {one.id: stage.id}
        )
        for one in schema.pipelines
    }
    offered = tuple(text for group in by_pipeline.values() for text in group)
    return Choices(texts, offered, by_pipeline=by_pipeline)


def make_cell(definition: Property, value: str, choices: Choices | None, zone: ZoneInfo) -> Cell:
    """Return what the cell of a value holds; None for the empty one."""
    if not value:
        return None
    if choices is not None:
        return cut_text(choices.show(value))
    cell = type_of(definition).cell(value, zone)
    return cut_text(cell) if isinstance(cell, str) else cell


def cut_text(text: str) -> str:
    """Return a text as a cell can hold it: line ends as in Unix, cut with an ellipsis where it is too long."""
    return within_cell(line_breaks(text))
