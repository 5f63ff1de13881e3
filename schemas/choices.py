"""Cells that choose: options of enumerations, owners, pipelines, stages.

HubSpot takes an option's value (exactly), an owner's, a pipeline's or a stage's ID; people's sheets hold labels, names
and e-mail addresses. An empty list of options means that they are kept elsewhere, never that nothing is allowed.
Source: HubSpot Properties API, Owners API, Pipelines API.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from schemas.booleans import words
from schemas.cells import Converter, Kind, Nearest, Problem, Reading, Result, fold, quoted, shown
from schemas.message import message
from schemas.property import Option, Owner, Pipeline, PortalSchema, Property, Stage

_WITH_MAIL = re.compile(r".*[(<]\s*([^()<>\s]+@[^()<>\s]+)\s*[)>]", re.DOTALL)
_WITH_REMARK = re.compile(r"(.*\S)\s*\([^()]*\)", re.DOTALL)


class OptionConverter(Converter):
    """Reads the cells of an enumeration that takes one option."""

    code = "invalid_option"

    def __init__(self, definition: Property, reading: Reading) -> None:
        self._any = not definition.options
        self._values = {option.value: option.value for option in definition.options}
        self._stripped = _unique((option.value.strip(), option.value) for option in definition.options)
        self._labels = _by_name((option.label, option.value) for option in definition.options)
        self._words = words(reading.locale) if self._is_boolean(definition) else {}
        shown_options = [option for option in definition.options if not option.hidden]
        self._listed = [self._best_name(option) for option in shown_options]
        # Names that lead to an option, with the option they lead to: what is worth suggesting.
        self._leads = {
            name: value
            for option in shown_options
            for name in (option.value, option.label)
            if isinstance(value := self._find(name.strip()), str)
        }
        self._nearest = Nearest(list(self._leads))

    def _is_boolean(self, definition: Property) -> bool:
        return definition.field_type == "booleancheckbox" or set(self._values) == {"true", "false"}

    def __call__(self, text: str, kind: Kind) -> Result:
        """Return the option's value, or why there is none."""
        del kind
        return self.option(text)

    def option(self, text: str) -> Result:
        """Return the value of the option that `text` names by its value or its label."""
        if text in self._values:
            return text
        bare = text.strip()
        if self._any:
            return bare
        return self._find(bare) or self._refuse(bare)

    def _find(self, text: str) -> Result | None:
        """Return the value that a trimmed text names, why it names none, or None where it is no name at all."""
        if text in self._values:
            return text
        if text in self._stripped:
            return self._stripped[text]
        by_label = self._labels.get(fold(text), ())
        if len(by_label) == 1:
            return by_label[0]
        if by_label:
            return Problem(
                "ambiguous_option",
                message(
                    '"{value}" is the label of several options; write the value of the one you mean: {values}',
                    value=shown(text),
                    values=quoted(by_label),
                ),
            )
        word = self._words.get(fold(text))
        return word if word in self._values else None

    def _best_name(self, option: Option) -> str:
        """Return what a person would write for an option: its value, or its label where the value is a mere number."""
        return option.label if option.value.isdigit() and self._find(option.label) == option.value else option.value

    def _refuse(self, text: str) -> Problem:
        near = self._nearest(text)
        if near:
            once = {self._leads[name]: name for name in reversed(near)}
            return Problem(
                self.code,
                message(
                    '"{value}" is not an option; did you mean {near}?',
                    value=shown(text),
                    near=quoted(list(reversed(once.values()))),
                ),
            )
        return Problem(
            self.code,
            message(
                '"{value}" is not an option; the options are {options}',
                value=shown(text),
                options=quoted(self._listed),
            ),
        )


class OptionsConverter(Converter):
    """Reads the cells of an enumeration that takes several options, separated by `;`.

    Gives their values once each, in the definition's order; a leading `;` (add to the current ones) is kept.
    """

    code = "invalid_option"

    def __init__(self, definition: Property, single: Converter) -> None:
        self._places = {option.value: place for place, option in enumerate(definition.options)}
        self._joined = {
            fold(name): option.value
            for option in definition.options
            for name in (option.label, option.value)
            if ";" in name
        }
        self._single = single

    def __call__(self, text: str, kind: Kind) -> Result:
        """Return the options' values joined with `;`, or what is wrong with the first wrong one."""
        if self._joined and (whole := self._joined.get(fold(text))):
            return whole
        parts = [part for part in text.split(";") if part.strip()]
        if not parts:
            return Problem(
                self.code, message('"{value}" names no option; clear the cell to clear the value', value=shown(text))
            )
        values: dict[str, None] = {}
        for part in parts:
            value = self._single(part, kind)
            if isinstance(value, Problem):
                return value
            values[value] = None
        ordered = sorted(values, key=lambda value: self._places.get(value, len(self._places)))
        return (";" if text.lstrip().startswith(";") else "") + ";".join(ordered)


class OwnerConverter(Converter):
    """Reads the cells of a property that holds an owner: ID, e-mail, full name, `Name (e-mail)`."""

    code = "invalid_owner"

    def __init__(self, portal: PortalSchema) -> None:
        self._known = portal.owners_known
        self._owners = {owner.id: owner for owner in portal.owners}
        self._mails = _by_name((owner.email, owner.id) for owner in portal.owners if owner.email)
        self._names = _by_name((owner.name, owner.id) for owner in portal.owners if owner.name)
        self._nearest = Nearest(
            [name for owner in portal.owners if not owner.archived for name in (owner.email, owner.name) if name]
        )

    def __call__(self, text: str, kind: Kind) -> Result:
        """Return the owner's ID, or why there is none."""
        del kind
        bare = text.strip()
        if bare in self._owners:
            return bare
        if not self._known:
            return bare if re.fullmatch("[0-9]+", bare) else self._unknown_owners(bare)
        with_mail = _WITH_MAIL.fullmatch(bare)
        found = self._mails.get(fold(with_mail[1] if with_mail else bare), ())
        if not found and not with_mail:
            found = self._by_name(bare)
        living = [one for one in found if not self._owners[one].archived] or list(found)
        if len(living) == 1:
            return living[0]
        return self._ambiguous(bare, living) if living else self._refuse(bare)

    def _by_name(self, text: str) -> tuple[str, ...]:
        found = self._names.get(fold(text), ())
        if not found and (remark := _WITH_REMARK.fullmatch(text)):
            # HubSpot puts a remark behind the name of somebody who has left.
            found = self._names.get(fold(remark[1]), ())
        return found

    def _describe(self, owner: Owner) -> str:
        return owner.email or owner.id

    def _ambiguous(self, text: str, ids: list[str]) -> Problem:
        return Problem(
            "ambiguous_owner",
            message(
                '"{value}" is the name of several owners; write the e-mail of the one you mean: {owners}',
                value=shown(text),
                owners=quoted([self._describe(self._owners[one]) for one in ids]),
            ),
        )

    def _refuse(self, text: str) -> Problem:
        near = self._nearest(text)
        if near:
            return Problem(
                self.code,
                message('"{value}" is no owner; did you mean {near}?', value=shown(text), near=quoted(near)),
            )
        return Problem(
            self.code,
            message(
                '"{value}" is no owner in this portal; write an e-mail, a full name or an owner ID', value=shown(text)
            ),
        )

    def _unknown_owners(self, text: str) -> Problem:
        return Problem(
            self.code,
            message(
                '"{value}" is no owner ID, and the portal\'s owners are not known here; write the ID, or give the '
                "token the scope crm.objects.owners.read",
                value=shown(text),
            ),
        )


class PipelineConverter(Converter):
    """Reads the cells of the pipeline column: ID or label."""

    code = "invalid_option"

    def __init__(self, pipelines: Iterable[Pipeline]) -> None:
        pipelines = tuple(pipelines)
        self._ids = {one.id for one in pipelines}
        self._labels = _by_name((one.label, one.id) for one in pipelines)
        self._listed = [one.label for one in pipelines]
        self._nearest = Nearest([name for one in pipelines for name in (one.label, one.id)])

    def __call__(self, text: str, kind: Kind) -> Result:
        """Return the pipeline's ID, or why there is none."""
        del kind
        bare = text.strip()
        if bare in self._ids or not self._ids:
            return bare
        found = self._labels.get(fold(bare), ())
        if len(found) == 1:
            return found[0]
        if found:
            return Problem(
                "ambiguous_option",
                message(
                    '"{value}" is the label of several pipelines; write the ID of the one you mean: {values}',
                    value=shown(bare),
                    values=quoted(found),
                ),
            )
        return Problem(
            self.code,
            message(
                '"{value}" is not a pipeline; the nearest are {near}',
                value=shown(bare),
                near=quoted(self._nearest(bare) or self._listed),
            ),
        )


class StageConverter:
    """Reads the cells of the stage column: ID, label, or `Stage (Pipeline)` as HubSpot's lists show it."""

    code = "invalid_option"

    def __init__(self, pipelines: Iterable[Pipeline]) -> None:
        self._pipelines = {one.id: one for one in pipelines}
        self._names: dict[str, dict[str, list[str]]] = {}
        for pipeline in self._pipelines.values():
            by_name: dict[str, list[str]] = defaultdict(list)
            for stage in pipeline.stages:
                for name in {fold(stage.label), fold(f"{stage.label} ({pipeline.label})")}:
                    by_name[name].append(stage.id)
            self._names[pipeline.id] = dict(by_name)
        stages = [(pipeline, stage) for pipeline in self._pipelines.values() for stage in pipeline.stages]
        self._nearest = Nearest([name for pipeline, stage in stages for name in _stage_names(pipeline, stage)])

    def in_pipeline(self, text: str, pipeline_id: str) -> Result:
        """Return the ID of the stage of this pipeline that `text` names, or why there is none."""
        pipeline = self._pipelines.get(pipeline_id)
        bare = text.strip()
        if pipeline is None:
            return bare
        found = self._find(bare, pipeline)
        if len(found) == 1:
            return found[0]
        if found:
            return self._ambiguous(bare, found)
        stages = quoted([stage.label for stage in pipeline.stages])
        if self._owners_of(bare):
            return Problem(
                "stage_not_in_pipeline",
                message(
                    '"{value}" is not a stage of the row\'s pipeline "{pipeline}"; its stages are {stages}',
                    value=shown(bare),
                    pipeline=pipeline.label,
                    stages=stages,
                ),
            )
        return self._refuse(bare, stages)

    def in_any(self, text: str) -> dict[str, str] | Problem:
        """Return, for a row that names no pipeline, the stage's ID by each pipeline that has such a stage."""
        bare = text.strip()
        found = self._owners_of(bare)
        fitting = {pipeline_id: stages[0] for pipeline_id, stages in found.items() if len(stages) == 1}
        if fitting:
            return fitting
        if found:
            return self._ambiguous(bare, [stage for stages in found.values() for stage in stages])
        return self._refuse(bare, quoted([stage.label for one in self._pipelines.values() for stage in one.stages]))

    @property
    def is_blind(self) -> bool:
        """Whether no pipeline is known, so that any stage may be right."""
        return not self._pipelines

    def _find(self, text: str, pipeline: Pipeline) -> list[str]:
        if any(stage.id == text for stage in pipeline.stages):
            return [text]
        return self._names[pipeline.id].get(fold(text), [])

    def _owners_of(self, text: str) -> dict[str, list[str]]:
        found = {one.id: self._find(text, one) for one in self._pipelines.values()}
        by_id = {one: stages for one, stages in found.items() if stages == [text]}
        return by_id or {one: stages for one, stages in found.items() if stages}

    def _ambiguous(self, text: str, ids: list[str]) -> Problem:
        return Problem(
            "ambiguous_option",
            message(
                '"{value}" is the label of several stages; write the ID of the one you mean: {values}',
                value=shown(text),
                values=quoted(ids),
            ),
        )

    def _refuse(self, text: str, stages: str) -> Problem:
        near = self._nearest(text)
        if near:
            return Problem(
                self.code,
                message('"{value}" is not a stage; did you mean {near}?', value=shown(text), near=quoted(near)),
            )
        return Problem(
            self.code, message('"{value}" is not a stage; the stages are {stages}', value=shown(text), stages=stages)
        )


def _stage_names(pipeline: Pipeline, stage: Stage) -> tuple[str, str]:
    return stage.label, f"{stage.label} ({pipeline.label})"


def _by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Return, by folded name, the values that bear it, once each."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for name, value in pairs:
        found[fold(name)][value] = None
    return {name: tuple(values) for name, values in found.items()}


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the pairs whose name no other pair has."""
    found = defaultdict(list)
    for name, value in pairs:
        found[name].append(value)
    return {name: values[0] for name, values in found.items() if len(values) == 1}
