"""Cells that choose: options of enumerations, owners, pipelines, stages.

HubSpot takes an option's value (exactly), an owner's, a pipeline's or a stage's ID; people's sheets hold labels, names
and e-mail addresses. An empty list of options means that they are kept elsewhere, never that nothing is allowed.
Source: HubSpot Properties API, Owners API, Pipelines API.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice

from schemas.cells import Converter, Kind, Nearest, Problem, Reading, Result, Ways, fold, quoted, shown
from schemas.message import Message, message
from schemas.naming import VALUES, Meanings, Names, crossed, way_notice
from schemas.property import Option, Owner, Pipeline, PortalSchema, Property, Stage
from schemas.property_type import PropertyType, Same, option_names
from schemas.types.boolean import is_misled, misleading_labels, word_crossed, word_misled, words
from schemas.types.text import TEXT

_WITH_MAIL = re.compile(r".*[(<]\s*([^()<>\s]+@[^()<>\s]+)\s*[)>]", re.DOTALL)
_NAME_WORD = re.compile(r"[^\W\d_]+")
_WITH_REMARK = re.compile(r"(.*\S)\s*\([^()]*\)", re.DOTALL)


class _NamedConverter(Converter):
    """What things with values and labels share: whether a column holds the one or the other."""

    proving = frozenset({Kind.TEXT, Kind.NUMBER, Kind.BOOL})

    def __init__(self, reading: Reading) -> None:
        self.way = reading.options
        self._is_settled = reading.options is not None

    def ways(self, text: str) -> Ways:
        """Return whether `text` proves that its column holds labels, or values."""
        return () if self._is_settled else self._meanings(text).ways()

    def _meanings(self, text: str) -> Meanings:
        raise NotImplementedError

    def way_notice(self, place: str, proof: str) -> Message:
        """Return how the column was read, and because of which cell."""
        return way_notice(self.way, place, proof)


class OptionConverter(_NamedConverter):
    """Reads the cells of an enumeration that takes one option."""

    code = "invalid_option"
    codes: tuple[str, ...] = ("invalid_option", "ambiguous_option")

    def __init__(self, definition: Property, reading: Reading) -> None:
        super().__init__(reading)
        self._any = not definition.options
        self._has_more = definition.has_more_options
        self._values = {option.value for option in definition.options}
        self._stripped = _unique((option.value.strip(), option.value) for option in definition.options)
        self._labels = Names((label, option.value) for option in definition.options for label in option.labels)
        self._words = words(reading.locale) if self._is_boolean(definition) else {}
        self._misleading = misleading_labels(definition) if self._words else {}
        shown_options = [option for option in definition.options if not option.hidden]
        self._listed = [self._best_name(option) for option in shown_options]
        # Names that lead to an option, with the name to suggest for it.
        self._leads = {
            name: self._best_name(option)
            for option in shown_options
            for name in (option.value, *option.labels)
            if name.strip() and self.option(name) == option.value
        }
        self._nearest = Nearest(list(self._leads))

    def _is_boolean(self, definition: Property) -> bool:
        return definition.field_type == "booleancheckbox" or self._values == {"true", "false"}

    def __call__(self, text: str, kind: Kind) -> Result:
        """Return the option's value, or why there is none."""
        del kind
        if self._any:
            return text.strip()
        found = self.option(text)
        if found is None and self._has_more and re.fullmatch(r"\s*[0-9]+\s*", text):
            return text.strip()  # the ID of one that no owner belongs to
        return found or self._refuse(text.strip())

    def option(self, text: str) -> Result | None:
        """Return the value of the option that `text` names, why it names none, or None where it is no name at all."""
        meanings = self._meanings(text)
        found = meanings.chosen(self.way)
        if not found:
            word = self._words.get(fold(text))
            if word is not None and self.way is None and is_misled(text, word, self._misleading):
                return word_misled(text, word, self._misleading[word])
            return word if word in self._values else None
        if len(found) == 1:
            return self._unless_word(text, found[0])
        if meanings.is_crossed and self.way is None:
            return crossed(text, meanings)
        return Problem(
            "ambiguous_option",
            message(
                '"{value}" is the label of several options; write the value of the one you mean: {values}',
                value=shown(text),
                values=quoted(meanings.labelled),
            ),
        )

    def _unless_word(self, text: str, value: str) -> Result:
        """Return the value, unless the text is a word of its own that says otherwise than the label."""
        word = self._words.get(fold(text), value)
        if word == value or word not in self._values:
            return value
        if self.way is not None:
            return word if self.way == VALUES else value
        return word_crossed(text, word)

    def _meanings(self, text: str) -> Meanings:
        value = text if text in self._values else self._stripped.get(text.strip())
        return Meanings(value, self._labels.find(text))

    def ways(self, text: str) -> Ways:
        """Return whether `text` proves that its column holds labels, or values; words for yes and no prove nothing."""
        return () if self._words else super().ways(text)

    def _best_name(self, option: Option) -> str:
        """Return what a person would write for an option: its label, or its value where the label leads elsewhere."""
        return option.label if option.label.strip() and self.option(option.label) == option.value else option.value

    def _refuse(self, text: str) -> Problem:
        near = self._nearest(text)
        if near:
            names = list(dict.fromkeys(self._leads[name] for name in near))
            return Problem(
                self.code,
                message('"{value}" isn\'t an option; did you mean {near}?', value=shown(text), near=quoted(names)),
            )
        return Problem(
            self.code,
            message(
                '"{value}" isn\'t an option; the options are {options}',
                value=shown(text),
                options=quoted(self._listed),
            ),
        )


class OptionsConverter(Converter):
    """Reads the cells of an enumeration that takes several options, separated by `;`.

    Gives their values once each, in the definition's order; a leading `;` (add to the current ones) is kept.
    """

    code = "invalid_option"
    codes: tuple[str, ...] = ("invalid_option", "ambiguous_option")

    def __init__(self, definition: Property, single: Converter) -> None:
        self._places = {option.value: place for place, option in enumerate(definition.options)}
        names = [name for option in definition.options for name in (*option.labels, option.value)]
        self._longest = 1 + max((name.count(";") for name in names), default=0)
        """How many parts between `;` the longest name has."""
        self._single = single
        self.codes = tuple(dict.fromkeys((*type(self).codes, *single.codes)))
        self.proving = single.proving

    @property
    def way(self) -> str | None:
        """Whether the options are labels or values."""
        return self._single.way

    @way.setter
    def way(self, way: str | None) -> None:
        self._single.way = way

    def __call__(self, text: str, kind: Kind) -> Result:
        """Return the options' values joined with `;`, or what is wrong with the first wrong one."""
        parts = text.split(";")
        if not any(map(str.strip, parts)):
            return Problem(
                self.code, message('"{value}" names no option; clear the cell to clear the value', value=shown(text))
            )
        values = (self._cut(text, parts, kind) if self._longest > 1 else None) or self._each(text, parts, kind)
        if isinstance(values, Problem):
            return values
        ordered = sorted(values, key=lambda value: self._places.get(value, len(self._places)))
        return (";" if text.lstrip().startswith(";") else "") + ";".join(ordered)

    def ways(self, text: str) -> Ways:
        """Return what the options of a cell prove together."""
        proofs = {ways for part in text.split(";") if len(ways := self._single.ways(part)) == 1}
        return proofs.pop() if len(proofs) == 1 else ()

    def way_notice(self, place: str, proof: str) -> Message | None:
        """Return how the column was read, and because of which cell."""
        return self._single.way_notice(place, proof)

    def _each(self, text: str, parts: Sequence[str], kind: Kind) -> list[str] | Problem:
        values: dict[str, None] = {}
        for part in filter(str.strip, parts):
            value = self._single(part, kind)
            if isinstance(value, Problem):
                return self._other_separator(text, part, kind) or value
            values[value] = None
        return list(values)

    def _cut(self, text: str, parts: Sequence[str], kind: Kind) -> frozenset[str] | Problem | None:
        """Return the options of a text whose names may have `;` in them; None where it cannot be cut into names."""
        found: list[set[frozenset[str]]] = [{frozenset()}, *(set() for _ in parts)]
        problem = None
        for start in range(len(parts)):
            for count in range(1, min(self._longest, len(parts) - start) + 1):
                name = ";".join(parts[start : start + count])
                if not name.strip("; "):
                    found[start + count] |= found[start]  # separators alone, if they are no name
                if not name.strip():
                    continue
                value: Result = self._single(name, kind)
                if isinstance(value, Problem) and value.code == self.code:
                    continue
                if isinstance(value, Problem):
                    problem, value = value, _DOUBTFUL
                found[start + count] |= set(islice((one | {value} for one in found[start]), _CUTS))
        cuts = found[-1]
        if any(_DOUBTFUL in one for one in cuts):
            return problem
        if len(cuts) > 1:
            return Problem(
                "ambiguous_option",
                message(
                    '"{value}" can be cut in two ways, as an option has ; in its name; write the values: {ways}',
                    value=shown(text),
                    ways=" / ".join(sorted(shown(";".join(sorted(one))) for one in cuts)[:2]),
                ),
            )
        return next(iter(cuts), None)

    def _other_separator(self, text: str, part: str, kind: Kind) -> Problem | None:
        """Return what is wrong with options that something else than `;` separates."""
        for sign in ("\n", ",", "|", "/"):
            names = [one.strip() for one in part.split(sign) if one.strip()]
            if len(names) > 1 and not any(isinstance(self._single(one, kind), Problem) for one in names):
                return Problem(
                    self.code,
                    message(
                        '"{value}" isn\'t an option; options are separated by a semicolon: "{right}"',
                        value=shown(text),
                        right=shown(text.replace(part, ";".join(names))),
                    ),
                )
        return None


_DOUBTFUL = "\0"
"""Stands for an option whose name is ambiguous."""
_CUTS = 16
"""Ways to cut the beginning of a cell that are kept: two are enough to refuse it."""


def _are_among(words: Iterable[str], others: Iterable[str]) -> bool:
    """Return whether each word is one of the others, or the beginning of one: Ana S., Dan for Daniel."""
    others = tuple(others)
    return all(any(one.startswith(other) or other.startswith(one) for other in others) for one in words)


class OwnerConverter(Converter):
    """Reads the cells of a property that holds an owner: ID, e-mail, full name, `Name (e-mail)`."""

    code = "invalid_owner"
    codes = ("invalid_owner", "ambiguous_owner")

    def __init__(self, portal: PortalSchema) -> None:
        self._known = portal.owners_known
        self._owners = {owner.id: owner for owner in portal.owners}
        self._mails = Names((owner.email, owner.id) for owner in portal.owners)
        self._names = Names((owner.name, owner.id) for owner in portal.owners)
        self._nearest = Nearest(
            [name for owner in portal.owners if not owner.archived for name in (owner.email, owner.name) if name]
        )

    def __call__(self, text: str, kind: Kind) -> Result:
        """Return the owner's ID, or why there is none."""
        del kind
        bare = text.strip()
        if not self._known:
            known = bare in self._owners or re.fullmatch("[0-9]+", bare)
            return bare if known else self._unknown_owners(bare)
        with_mail = _WITH_MAIL.fullmatch(bare)
        found = self._mails.find(with_mail[1] if with_mail else bare)
        if not with_mail:
            by_id = (bare,) if bare in self._owners else ()
            found = tuple(dict.fromkeys((*by_id, *found, *self._by_name(bare))))
        if with_mail and len(found) == 1 and self._contradicts(with_mail.string[: with_mail.start(1)], found[0]):
            return Problem(
                "ambiguous_owner",
                message(
                    '"{value}": the name and the e-mail belong to different people; write the e-mail alone',
                    value=shown(bare),
                ),
            )
        living = [one for one in found if not self._owners[one].archived] or list(found)
        if len(living) == 1:
            return living[0]
        return self._ambiguous(bare, living) if living else self._refuse(bare)

    def _by_name(self, text: str) -> tuple[str, ...]:
        found = self._names.find(text)
        if not found and (remark := _WITH_REMARK.fullmatch(text)):
            # HubSpot puts a remark behind the name of somebody who has left.
            found = self._names.find(remark[1])
        return found

    def _contradicts(self, name: str, owner: str) -> bool:
        """Return whether a name is another owner's, or no shorter or longer form of this one's."""
        bare = name.rstrip("(< ")
        if named := self._by_name(bare):
            return owner not in named
        own, typed = (_NAME_WORD.findall(fold(one)) for one in (self._owners[owner].name, bare))
        return bool(own and typed) and not (_are_among(typed, own) or _are_among(own, typed))

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
                message(
                    '"{value}" isn\'t an owner in this portal; did you mean {near}?',
                    value=shown(text),
                    near=quoted(near),
                ),
            )
        return Problem(
            self.code,
            message(
                '"{value}" isn\'t an owner in this portal; write an e-mail, a full name or an owner ID',
                value=shown(text),
            ),
        )

    def _unknown_owners(self, text: str) -> Problem:
        return Problem(
            self.code,
            message(
                "\"{value}\" isn't an owner ID, and the portal's owners are not known here; write the ID, or give the "
                "token the scope crm.objects.owners.read",
                value=shown(text),
            ),
        )


class PipelineConverter(_NamedConverter):
    """Reads the cells of the pipeline column: ID or label."""

    code = "invalid_option"
    codes: tuple[str, ...] = ("invalid_option", "ambiguous_option")

    def __init__(self, pipelines: Iterable[Pipeline], reading: Reading) -> None:
        super().__init__(reading)
        pipelines = tuple(pipelines)
        self._ids = {one.id for one in pipelines}
        self._labels = Names((one.label, one.id) for one in pipelines)
        self._listed = [one.label for one in pipelines]
        self._nearest = Nearest([name for one in pipelines for name in (one.label, one.id)])

    def _meanings(self, text: str) -> Meanings:
        bare = text.strip()
        return Meanings(bare if bare in self._ids else None, self._labels.find(text))

    def __call__(self, text: str, kind: Kind) -> Result:
        """Return the pipeline's ID, or why there is none."""
        del kind
        bare = text.strip()
        if not self._ids:
            return bare
        meanings = self._meanings(text)
        found = meanings.chosen(self.way)
        if len(found) == 1:
            return found[0]
        if found and meanings.is_crossed and self.way is None:
            return crossed(text, meanings)
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
                '"{value}" isn\'t a pipeline; the nearest are {near}',
                value=shown(bare),
                near=quoted(self._nearest(bare) or self._listed),
            ),
        )


class StageConverter(_NamedConverter):
    """Reads the cells of the stage column: ID, label, or `Stage (Pipeline)` as HubSpot's lists show it."""

    code = "invalid_option"
    codes = ("invalid_option", "ambiguous_option", "stage_not_in_pipeline")

    def __init__(self, pipelines: Iterable[Pipeline], reading: Reading) -> None:
        super().__init__(reading)
        self._pipelines = {one.id: one for one in pipelines}
        self._pipeline_of = {stage.id: one.id for one in self._pipelines.values() for stage in one.stages}
        self._names = {
            one.id: Names((name, stage.id) for stage in one.stages for name in _stage_names(one, stage))
            for one in self._pipelines.values()
        }
        stages = [(pipeline, stage) for pipeline in self._pipelines.values() for stage in pipeline.stages]
        self._nearest = Nearest([name for pipeline, stage in stages for name in _stage_names(pipeline, stage)])

    def in_pipeline(self, text: str, pipeline_id: str) -> Result:
        """Return the ID of the stage of this pipeline that `text` names, or why there is none."""
        pipeline = self._pipelines.get(pipeline_id)
        bare = text.strip()
        if pipeline is None:
            return bare
        # The ID of a stage of another pipeline may be meant too, though it would be refused.
        meanings = Meanings(bare if bare in self._pipeline_of else None, self._names[pipeline_id].find(text))
        found = meanings.chosen(self.way)
        if len(found) > 1:
            return self._ambiguous(text, meanings)
        if found and self._pipeline_of[found[0]] == pipeline_id:
            return found[0]
        stages = quoted([stage.label for stage in pipeline.stages])
        if found or self._meanings(text).labelled:
            return Problem(
                "stage_not_in_pipeline",
                message(
                    '"{value}" isn\'t a stage of the row\'s pipeline "{pipeline}"; its stages are {stages}',
                    value=shown(bare),
                    pipeline=pipeline.label,
                    stages=stages,
                ),
            )
        return self._refuse(bare, stages)

    def in_any(self, text: str) -> dict[str, str] | Problem:
        """Return, for a row that names no pipeline, the stage's ID by each pipeline that has such a stage.

        It is "" where a pipeline has several; those come last.
        """
        bare = text.strip()
        meanings = self._meanings(text)
        if meanings.value is not None and (self.way == VALUES or not meanings.is_crossed):
            return {self._pipeline_of[bare]: bare}
        if meanings.is_crossed and self.way is None:
            return self._ambiguous(text, meanings)
        labelled = {one: names.find(text) for one, names in self._names.items()}
        fitting = {one: stages[0] if len(stages) == 1 else "" for one, stages in labelled.items() if stages}
        if any(fitting.values()):
            return dict(sorted(fitting.items(), key=lambda pair: not pair[1]))
        if meanings.labelled:
            return self._ambiguous(text, meanings)
        return self._refuse(bare, quoted([stage.label for one in self._pipelines.values() for stage in one.stages]))

    @property
    def is_blind(self) -> bool:
        """Whether no pipeline is known, so that any stage may be right."""
        return not self._pipelines

    def _meanings(self, text: str) -> Meanings:
        bare = text.strip()
        labelled = [stage for names in self._names.values() for stage in names.find(text)]
        return Meanings(bare if bare in self._pipeline_of else None, tuple(dict.fromkeys(labelled)))

    def _ambiguous(self, text: str, meanings: Meanings) -> Problem:
        if meanings.is_crossed and self.way is None:
            return crossed(text, meanings)
        return Problem(
            "ambiguous_option",
            message(
                '"{value}" is the label of several stages; write the ID of the one you mean: {values}',
                value=shown(text),
                values=quoted(meanings.labelled),
            ),
        )

    def _refuse(self, text: str, stages: str) -> Problem:
        near = self._nearest(text)
        if near:
            return Problem(
                self.code,
                message('"{value}" isn\'t a stage; did you mean {near}?', value=shown(text), near=quoted(near)),
            )
        return Problem(
            self.code, message('"{value}" isn\'t a stage; the stages are {stages}', value=shown(text), stages=stages)
        )


def _stage_names(pipeline: Pipeline, stage: Stage) -> tuple[str, str]:
    return stage.label, f"{stage.label} ({pipeline.label})"


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the pairs whose name no other pair has."""
    found = defaultdict(list)
    for name, value in pairs:
        found[name].append(value)
    return {name: values[0] for name, values in found.items() if len(values) == 1}


@lru_cache(maxsize=10_000)
def _same_parts(left: str, right: str) -> bool:
    return _parts(left) == _parts(right)


def _parts(value: str) -> set[str]:
    return {part for part in value.split(";") if part}


def _comparer(definition: Property) -> Same:
    return _same_parts if definition.is_multiple else TEXT.comparer(definition)


def _options(definition: Property, _: PortalSchema, reading: Reading) -> Converter:
    option = OptionConverter(definition, reading)
    return OptionsConverter(definition, option) if definition.is_multiple else option


def _owners(definition: Property, portal: PortalSchema, _: Reading) -> Converter:
    owner = OwnerConverter(portal)
    return OptionsConverter(definition, owner) if definition.is_multiple else owner


def _takes_option(definition: Property, _: PortalSchema, value: str) -> bool:
    if definition.external_options or not definition.options:
        return True
    parts = _parts(value) if definition.is_multiple else {value}
    return parts <= {option.value for option in definition.options}


def _takes_pipeline(_: Property, portal: PortalSchema, value: str) -> bool:
    return not portal.pipelines or portal.pipeline(value) is not None


def _takes_stage(_: Property, portal: PortalSchema, value: str) -> bool:
    known = {stage.id for pipeline in portal.pipelines for stage in pipeline.stages}
    return not known or value in known


def _names_of_owners(definition: Property, portal: PortalSchema) -> Iterable[str]:
    return [
        *option_names(definition, portal),
        *(name for one in portal.owners for name in (one.id, one.email, one.name)),
    ]


def _names_of_pipelines(definition: Property, portal: PortalSchema) -> Iterable[str]:
    return [*option_names(definition, portal), *(name for one in portal.pipelines for name in (one.id, one.label))]


def _names_of_stages(definition: Property, portal: PortalSchema) -> Iterable[str]:
    stages = (one for pipeline in portal.pipelines for one in pipeline.stages)
    return [*option_names(definition, portal), *(name for one in stages for name in (one.id, one.label))]


ENUMERATION = PropertyType(
    converter=_options,
    comparer=_comparer,
    width=22,
    has_names=True,
    has_parts=lambda definition: definition.is_multiple,
    has_unlisted_options=lambda definition: not definition.options,
    takes=_takes_option,
)
OWNER_ID = replace(ENUMERATION, converter=_owners, names=_names_of_owners, has_unlisted_options=lambda _: False)
PIPELINE_ID = replace(
    ENUMERATION,
    converter=lambda _, portal, reading: PipelineConverter(portal.pipelines, reading),
    names=_names_of_pipelines,
    has_unlisted_options=lambda _: False,
    takes=_takes_pipeline,
)
STAGE_ID = replace(ENUMERATION, names=_names_of_stages, has_unlisted_options=lambda _: False, takes=_takes_stage)
"""A stage depends on its row's pipeline, so its cells are read by `StageConverter`."""
