"""The validation rules that a portal's admins set on properties, judged offline: all 27 types of the API.

A rule passes, is broken, or is in doubt where HubSpot's documentation does not say how it is judged: then the cell is
left to the portal, with a notice. Dates are judged in the portal's time zone. Clearing a value breaks no rule.
Source: HubSpot property validations guide; KB "Set validation rules for properties".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from schemas.cells import SHOWN_LENGTH, shown
from schemas.message import Message, message
from schemas.property import Rule
from schemas.rule_types import MAKERS, Clock, Judge, Verdict
from schemas.rule_words import rule_words
from schemas.types.datetime import DAY_MS, from_epoch

__all__ = ["Clock", "RuleCheck", "Verdict", "make_checks", "normalise"]


@dataclass(frozen=True)
class RuleCheck:
    """One rule of one property, ready to judge values."""

    rule: Rule
    bound: str
    """The rule and its arguments as a message shows them."""
    judge: Judge
    words: Message | None = None
    """What it asks for, as it follows a value."""

    def violation(self, value: str) -> Message:
        """Return the words for a value that breaks the rule."""
        if self.words is None:
            return message(
                '"{value}" breaks the rule {rule} that the portal sets on this property',
                value=shown(value),
                rule=self.bound,
            )
        return message(
            '"{value}" {must} (the portal\'s rule {rule})',
            value=_with_blanks(value) if self.rule.type == "WHITESPACE" else shown(value),
            must=self.words,
            rule=self.bound,
        )


def _with_blanks(value: str) -> str:
    """Return a value as a message repeats it where its blanks are what is wrong with it."""
    line = re.sub(r"\s", " ", value)
    return line if len(line) <= SHOWN_LENGTH else f"{line[: SHOWN_LENGTH // 2]}…{line[1 - SHOWN_LENGTH // 2 :]}"


def make_checks(rules: Sequence[Rule], clock: Clock) -> tuple[list[RuleCheck], list[Rule]]:
    """Return the checks of a property's rules, and the rules that cannot be judged here.

    Those are of an unknown type, or have arguments of an unknown form; they are left to the portal.
    """
    checks: list[RuleCheck] = []
    unknown: list[Rule] = []
    for place, rule in enumerate(rules):
        make = MAKERS.get(rule.type)
        try:
            judge = make(rule.arguments, clock) if make else None
        except (ValueError, IndexError, KeyError, ArithmeticError, re.error):
            judge = None
        if judge is None:
            unknown.append(rule)
            continue
        before = tuple(rules[: place + 1])
        words = rule_words(rule.type, rule.arguments, clock)
        checks.append(RuleCheck(rule, _bound(rule), _after_normalising(judge, before), words))
    return checks, unknown


def normalise(rules: Iterable[Rule], value: str) -> str:
    """Return what the portal makes of a value before it judges and keeps it."""
    for rule in rules:
        if rule.normalizes:
            value = _normalised(rule, value)
    return value


def _normalised(rule: Rule, value: str) -> str:
    argument = rule.arguments[0] if rule.arguments else ""
    if rule.type == "WHITESPACE":
        return re.sub(r"\s+", "", value) if argument != "TRIM" else value.strip()
    if rule.type == "FORMAT":
        if argument == "CAPITALIZATION":
            return re.sub(r"(?<!\S)\S", lambda found: found[0].upper(), value)
        return value.upper() if argument == "UPPER" else value.lower() if argument == "LOWER" else value
    if rule.type == "SPECIAL_CHARACTERS":
        return "".join(character for character in value if character.isalnum() or character.isspace())
    return value


def _after_normalising(judge: Judge, rules: Sequence[Rule]) -> Judge:
    if not any(rule.normalizes for rule in rules):
        return judge
    return Judge(
        lambda value: judge.strict(normalise(rules, value)), lambda value: judge.lenient(normalise(rules, value))
    )


def _bound(rule: Rule) -> str:
    arguments = rule.arguments
    if rule.type in {"START_DATE", "END_DATE", "START_DATETIME", "END_DATETIME"} and arguments:
        moment = from_epoch(int(arguments[0]))
        at_midnight = int(arguments[0]) % DAY_MS == 0
        return f"{rule.type} {moment:%Y-%m-%d}" if at_midnight else f"{rule.type} {moment:%Y-%m-%d %H:%M} UTC"
    if rule.type == "REGEX":
        arguments = arguments[:1]
    return f"{rule.type} {', '.join(arguments)}".rstrip()
