"""Words for people, kept apart from the language they are shown in.

A message is an English template and the values that fill it. The template is the key of the translation, so it is
written where the message is made: `message('"{value}" is not an option', value=cell)`. Templates are literals, for a
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
    values: Mapping[str, str | int] = field(default_factory=dict)
    plural: str = ""
    """Template for other counts than one; then `values["count"]` decides."""

    def __str__(self) -> str:
        """Return the English text."""
        template = self.plural if self.plural and self.values["count"] != 1 else self.template
        return template.format_map(self.values)

    def render(self, translations: Translations) -> str:
        """Return the text in the language of `translations`."""
        if self.plural:
            template = translations.ngettext(self.template, self.plural, int(self.values["count"]))
        else:
            template = translations.gettext(self.template)
        return template.format_map(self.values)

    def to_json(self) -> list[object]:
        """Return `[template, values, plural]`, for the journal."""
        return [self.template, dict(self.values), self.plural]

    @classmethod
    def from_json(cls, stored: list[object]) -> Message:
        """Return the message that `to_json` stored."""
        template, values, plural = stored
        assert isinstance(template, str)
        assert isinstance(values, dict)
        assert isinstance(plural, str)
        return cls(template, values, plural)


def message(template: str, /, **values: str | int) -> Message:
    """Return a message; `template` is a literal in English with `{name}` fields."""
    return Message(template, values)


def count_message(singular: str, plural: str, /, count: int, **values: str | int) -> Message:
    """Return a message about `count` things; both templates may use `{count}`."""
    return Message(singular, {"count": count, **values}, plural)
