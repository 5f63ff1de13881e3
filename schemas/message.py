"""Words for people, kept apart from the language they are shown in.

A message is an English template and the values that fill it. The template is the key of the translation, so it is
written where the message is made: `message('"{value}" isn't an option', value=cell)`. Templates are literals, for a
tool collects them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Translations(Protocol):
    """What a catalogue does: the part of `gettext.NullTranslations` that messages use."""

    def gettext(self, message: str, /) -> str:
        """Return the translation of `message`, or `message` itself."""
        ...

    def ngettext(self, msgid1: str, msgid2: str, n: int, /) -> str:
        """Return the translation for `n` things."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """A text for people. `str()` gives it in English; `render` in the language of a catalogue."""

    template: str
    values: Mapping[str, Value] = field(default_factory=dict)
    plural: str = ""
    """Template for other counts than one; then `values["count"]` decides."""

    def __str__(self) -> str:
        template = self.plural if self.plural and self.values["count"] != 1 else self.template
        return template.format_map({name: _shown(name, one, ",") for name, one in self.values.items()})

    def render(self, translations: Translations) -> str:
        """Return the text in the language of `translations`."""
        if self.plural:
            count = self.values["count"]
            assert isinstance(count, int)
            template = translations.ngettext(self.template, self.plural, count)
        else:
            template = translations.gettext(self.template)
        comma = translations.gettext(THOUSAND)[1]
        return template.format_map(
            {
                name: one.render(translations) if isinstance(one, Message) else _shown(name, one, comma)
                for name, one in self.values.items()
            }
        )

    def to_json(self) -> list[object]:
        """Return `[template, values, plural]`, for the journal."""
        values = {name: one.to_json() if isinstance(one, Message) else one for name, one in self.values.items()}
        return [self.template, values, self.plural]

    @classmethod
    def from_json(cls, stored: list[object]) -> Message:
        """Return the message that `to_json` stored."""
        template, values, plural = stored
        assert isinstance(template, str)
        assert isinstance(values, dict)
        assert isinstance(plural, str)
        return cls(
            template,
            {name: cls.from_json(one) if isinstance(one, list) else one for name, one in values.items()},
            plural,
        )


Value = str | int | Message
"""What fills a field: data, or a message about a part, which is translated with the whole."""


THOUSAND = "1,000"
"""A text of the catalogue: its translation shows what stands between thousands."""

_COUNTS = frozenset({"count", "cleared", "left", "daily", "free"})
"""Fields that hold how many there are; other whole numbers are names: rows, ports, codes."""


def _shown(name: str, value: Value, comma: str) -> Value:
    """Return a value as it is put into a template: counts with their thousands apart."""
    return f"{value:,}".replace(",", comma) if name in _COUNTS and isinstance(value, int) else value


def message(template: str, /, **values: Value) -> Message:
    """Return a message; `template` is a literal in English with `{name}` fields."""
    return Message(template, values)


def count_message(singular: str, plural: str, /, count: int, **values: Value) -> Message:
    """Return a message about `count` things; both templates may use `{count}`."""
    return Message(singular, {"count": count, **values}, plural)
