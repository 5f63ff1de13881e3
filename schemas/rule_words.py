"""What a validation rule asks of a value, in people's words: "must be at most 10".

A text completes `"{value}" ...`. Where a rule has no words here, its name and arguments have to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce

from schemas.message import Message, count_message, message
from schemas.rule_types import WEEKDAYS, Clock, bound_day, parse_period
from schemas.types.datetime import from_epoch

Words = Callable[[Sequence[str], Clock], Message]

_KINDS = {
    "ALPHANUMERIC": message("must have letters and digits only"),
    "ALPHA_ONLY": message("must have letters only"),
    "NUMERIC_ONLY": message("must have digits only"),
}
_CASES = {
    "CAPITALIZATION": message("must begin each word with a capital letter"),
    "UPPER": message("must be in capital letters"),
    "LOWER": message("must be in small letters"),
}
_WEEKDAY_NAMES = (
    message("Monday"),
    message("Tuesday"),
    message("Wednesday"),
    message("Thursday"),
    message("Friday"),
    message("Saturday"),
    message("Sunday"),
)


def rule_words(rule_type: str, arguments: Sequence[str], clock: Clock) -> Message | None:
    """Return what a rule asks for; None for a rule without words. The arguments are those of a rule that is judged."""
    words = _WORDS.get(rule_type)
    return words(arguments, clock) if words else None


def _plain(text: Message) -> Words:
    return lambda _, __: text


def _white_space(arguments: Sequence[str], _: Clock) -> Message:
    if arguments and arguments[0] == "TRIM":
        return message("must not begin or end with a space")
    return message("must have no spaces")


def _regex(arguments: Sequence[str], _: Clock) -> Message:
    if len(arguments) > 1:
        return message("does not fit: {explanation}", explanation=arguments[1])
    return message("must match the pattern {pattern}", pattern=arguments[0])


def _day(text: Callable[[str], Message]) -> Words:
    return lambda arguments, clock: text(bound_day(arguments[0], clock).isoformat())


def _moment(text: Callable[[str], Message]) -> Words:
    def words(arguments: Sequence[str], clock: Clock) -> Message:
        moment = from_epoch(int(arguments[0])).astimezone(clock.zone)
        return text(f"{moment:%Y-%m-%d %H:%M} ({clock.zone.key})")

    return words


def _period(text: Callable[[Message], Message]) -> Words:
    return lambda arguments, _: text(_length(arguments[0]))


def _length(text: str) -> Message:
    period = parse_period(text)
    if period.days and not period.months and not period.seconds:
        return count_message("{count} day", "{count} days", abs(period.days))
    if period.months and not period.days and not period.seconds:
        return count_message("{count} month", "{count} months", abs(period.months))
    if period.seconds and not period.days and not period.months and not period.seconds % 3600:
        return count_message("{count} hour", "{count} hours", abs(period.seconds) // 3600)
    return message("the period {period}", period=text)


def _weekdays(arguments: Sequence[str], _: Clock) -> Message:
    names = [_WEEKDAY_NAMES[WEEKDAYS.index(one)] for one in arguments]
    days = reduce(lambda some, one: message("{some} or {one}", some=some, one=one), names)
    return message("must be a {weekday}", weekday=days)


_WORDS: Mapping[str, Words] = {
    "MIN_LENGTH": lambda arguments, _: count_message(
        "must have at least {count} character", "must have at least {count} characters", int(arguments[0])
    ),
    "MAX_LENGTH": lambda arguments, _: count_message(
        "must have at most {count} character", "must have at most {count} characters", int(arguments[0])
    ),
    "ALPHANUMERIC": lambda arguments, _: _KINDS[arguments[0] if arguments else "ALPHANUMERIC"],
    "SPECIAL_CHARACTERS": _plain(message("must have no special characters")),
    "WHITESPACE": _white_space,
    "FORMAT": lambda arguments, _: _CASES[arguments[0]],
    "REGEX": _regex,
    "EMAIL": _plain(message("must be an e-mail address")),
    "DOMAIN": _plain(message("must be a domain, such as example.com")),
    "URL": _plain(message("must be a web address, such as https://example.com")),
    "EMAIL_ALLOWED_DOMAINS": lambda domains, _: message(
        "must be an e-mail address at {domains}", domains=", ".join(domains)
    ),
    "EMAIL_BLOCKED_DOMAINS": lambda domains, _: message(
        "must not be an e-mail address at {domains}", domains=", ".join(domains)
    ),
    "URL_ALLOWED_DOMAINS": lambda domains, _: message("must be a web address at {domains}", domains=", ".join(domains)),
    "URL_BLOCKED_DOMAINS": lambda domains, _: message(
        "must not be a web address at {domains}", domains=", ".join(domains)
    ),
    "PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE": _plain(
        message("must be a phone number with its country code, such as +55 11 91234-5678")
    ),
    "MIN_NUMBER": lambda arguments, _: message("must be at least {limit}", limit=arguments[0]),
    "MAX_NUMBER": lambda arguments, _: message("must be at most {limit}", limit=arguments[0]),
    "DECIMAL": lambda arguments, _: count_message(
        "must have at most {count} decimal", "must have at most {count} decimals", int(arguments[0])
    ),
    "START_DATE": _day(lambda day: message("must be {day} or later", day=day)),
    "END_DATE": _day(lambda day: message("must be {day} or earlier", day=day)),
    "START_DATETIME": _moment(lambda moment: message("must be {day} or later", day=moment)),
    "END_DATETIME": _moment(lambda moment: message("must be {day} or earlier", day=moment)),
    "AFTER_DURATION": _period(lambda length: message("must lie after the limit of {length} from today", length=length)),
    "BEFORE_DURATION": _period(
        lambda length: message("must lie before the limit of {length} from today", length=length)
    ),
    "AFTER_DATETIME_DURATION": _period(
        lambda length: message("must lie after the limit of {length} from now", length=length)
    ),
    "BEFORE_DATETIME_DURATION": _period(
        lambda length: message("must lie before the limit of {length} from now", length=length)
    ),
    "DAYS_OF_WEEK": _weekdays,
}
"""By the rule's type."""
