"""Yes and no, as cells, words and digits."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.cells import Converter, Kind, Problem, Reading, Result, shown
from schemas.message import message
from schemas.property import Property

_ENGLISH = {"true": "true", "false": "false", "yes": "true", "no": "false", "1": "true", "0": "false"}

_WORDS: Mapping[str, tuple[str, str]] = {
    "cs": ("ano pravda", "ne nepravda"),
    "da": ("ja sand sandt", "nej falsk"),
    "de": ("ja wahr", "nein falsch"),
    "es": ("sí si verdadero", "no falso"),
    "fi": ("kyllä tosi", "ei epätosi"),
    "fr": ("oui vrai", "non faux"),
    "it": ("sì si vero", "no falso"),
    "nb": ("ja sann", "nei usann"),
    "nl": ("ja waar", "nee onwaar"),
    "pl": ("tak prawda", "nie fałsz"),
    "pt": ("sim verdadeiro", "não nao falso"),
    "sv": ("ja sant", "nej falskt"),
}
"""Yes and true, no and false, by language. CLDR's words for yes and no are not among the data that Babel carries."""


class BooleanConverter(Converter):
    """Reads the cells of a bool property."""

    code = "invalid_boolean"

    def __init__(self, definition: Property, reading: Reading) -> None:
        self._words = words(reading.locale)
        for option in definition.options:
            if option.value in {"true", "false"}:
                self._words.setdefault(option.label.strip().casefold(), option.value)

    def __call__(self, text: str, kind: Kind) -> Result:
        """Return `true` or `false`, or why it is neither."""
        value = self._words.get(text.strip().casefold()) if kind in {Kind.TEXT, Kind.NUMBER, Kind.BOOL} else None
        return value or Problem(
            self.code, message('"{value}" is neither yes nor no; write true or false', value=shown(text))
        )


def words(locale: str | None) -> dict[str, str]:
    """Return what means `true` and `false` in English and in the language of a locale, in small letters."""
    found = dict(_ENGLISH)
    if locale:
        yes, no = _WORDS.get(locale.replace("_", "-").split("-")[0].lower(), ("", ""))
        found |= dict.fromkeys(no.split(), "false") | dict.fromkeys(yes.split(), "true")
    return found
