"""Yes and no, as cells, words and digits."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.cells import Converter, Kind, Problem, Reading, Result, fold, shown
from schemas.message import message
from schemas.property import Property

_ENGLISH = {"true": "true", "false": "false", "yes": "true", "no": "false", "1": "true", "0": "false"}

_WORDS: Mapping[str, tuple[str, str]] = {
    "ca": ("sí veritable cert", "no fals"),
    "cs": ("ano pravda", "ne nepravda"),
    "da": ("ja sand sandt", "nej falsk"),
    "de": ("ja wahr", "nein falsch"),
    "es": ("sí si verdadero", "no falso"),
    "fi": ("kyllä tosi", "ei epätosi"),
    "fr": ("oui vrai", "non faux"),
    "hu": ("igen igaz", "nem hamis"),
    "it": ("sì si vero", "no falso"),
    "ja": ("はい", "いいえ"),
    "ko": ("예 네", "아니요 아니오"),
    "nb": ("ja sann", "nei usann"),
    "nl": ("ja waar", "nee onwaar"),
    "pl": ("tak prawda", "nie fałsz"),
    "pt": ("sim verdadeiro", "não nao falso"),
    "ro": ("da adevărat", "nu fals"),
    "ru": ("да истина", "нет ложь"),
    "sv": ("ja sant", "nej falskt"),
    "tr": ("evet doğru", "hay\u0131r hayir yanl\u0131ş yanliş"),  # capital I is that of either i
    "uk": ("так істина", "ні хибність"),
    "zh": ("是", "否"),
}
"""Yes and true, no and false, by language. CLDR's words for yes and no are not among the data that Babel carries."""


class BooleanConverter(Converter):
    """Reads the cells of a bool property."""

    code = "invalid_boolean"

    def __init__(self, definition: Property, reading: Reading) -> None:
        self._words = words(reading.locale)
        for option in definition.options:
            if option.value in {"true", "false"}:
                self._words.setdefault(fold(option.label), option.value)

    def __call__(self, text: str, kind: Kind) -> Result:
        """Return `true` or `false`, or why it is neither."""
        value = self._words.get(fold(text)) if kind in {Kind.TEXT, Kind.NUMBER, Kind.BOOL} else None
        return value or Problem(
            self.code, message('"{value}" is neither yes nor no; write true or false', value=shown(text))
        )


def words(locale: str | None) -> dict[str, str]:
    """Return what means `true` and `false` in English and in the language of a locale, in small letters."""
    found = dict(_ENGLISH)
    if locale:
        yes, no = _WORDS.get(locale.replace("_", "-").split("-")[0].lower(), ("", ""))
        found |= dict.fromkeys(map(fold, no.split()), "false") | dict.fromkeys(map(fold, yes.split()), "true")
    return found
