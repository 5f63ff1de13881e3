"""Yes and no, as cells, words and digits."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.cells import Converter, Kind, Problem, Reading, Result, fold, shown
from schemas.message import message
from schemas.naming import Meanings, Names
from schemas.property import Property
from schemas.property_type import PropertyType
from schemas.types.text import same_word

_ANY = {
    **dict.fromkeys(("true", "yes", "y", "on", "1", "s"), "true"),
    **dict.fromkeys(("false", "no", "n", "off", "0"), "false"),
}
"""Words that are read whatever the locale; `s` and `n` are the letters of Spanish, Portuguese and Italian forms."""

_WORDS: Mapping[str, tuple[str, str]] = {
    "ca": ("sí veritable cert s activat", "no fals n desactivat"),
    "cs": ("ano pravda a zapnuto", "ne nepravda n vypnuto"),
    "da": ("ja sand sandt j til", "nej falsk n fra"),
    "de": ("ja wahr j ein an", "nein falsch n aus"),
    "es": ("sí si verdadero s activado encendido", "no falso n desactivado apagado"),
    "fi": ("kyllä tosi k päällä", "ei epätosi e pois"),
    "fr": ("oui vrai o activé", "non faux n désactivé"),
    "hu": ("igen igaz i be", "nem hamis n ki"),
    "it": ("sì si vero s acceso attivo", "no falso n spento disattivo"),
    "ja": ("はい オン", "いいえ オフ"),
    "ko": ("예 네 켜짐", "아니요 아니오 꺼짐"),
    "nb": ("ja sann j på", "nei usann n av"),
    "nl": ("ja waar j aan", "nee onwaar n uit"),
    "pl": ("tak prawda t wł włączone", "nie fałsz n wył wyłączone"),
    "pt": ("sim verdadeiro s ligado ativado", "não nao falso n desligado desativado"),
    "ro": ("da adevărat d activat", "nu fals n dezactivat"),
    "ru": ("да истина д вкл", "нет ложь н выкл"),
    "sv": ("ja sant j på", "nej falskt n av"),
    "tr": (
        "evet doğru e a\u00e7\u0131k",
        "hay\u0131r hayir yanl\u0131ş yanliş h kapal\u0131",  # capital I is that of either i
    ),
    "uk": ("так істина т", "ні хибність н"),
    "zh": ("是 开", "否 关"),
}
"""Yes and true, no and false, by language. CLDR's words for yes and no are not among the data that Babel carries."""


class BooleanConverter(Converter):
    """Reads the cells of a bool property: by the labels of its options, then by words."""

    code = "invalid_boolean"
    codes = ("invalid_boolean", "ambiguous_option")

    def __init__(self, definition: Property, reading: Reading) -> None:
        self.way = reading.options
        self._words = words(reading.locale)
        self._misleading = misleading_labels(definition)
        self._labels = Names(
            (label, one.value) for one in definition.options if one.value in {"true", "false"} for label in one.labels
        )

    def __call__(self, text: str, kind: Kind) -> Result:
        """Return `true` or `false`, or why it is neither."""
        if kind in {Kind.TEXT, Kind.NUMBER, Kind.BOOL}:
            meanings = Meanings(self._words.get(fold(text)), self._labels.find(text))
            found = meanings.chosen(self.way)
            if not meanings.labelled and self.way is None and is_misled(text, meanings.value, self._misleading):
                return word_misled(text, found[0], self._misleading[found[0]])
            if len(found) == 1:
                return found[0]
            if found:
                return word_crossed(text, meanings.value or "true/false")
        return Problem(self.code, message('"{value}" isn\'t yes or no; write true or false', value=shown(text)))


def word_crossed(text: str, word: str) -> Problem:
    """Return the problem of a word for yes or no that is the label of the other one."""
    return Problem(
        "ambiguous_option",
        message(
            'as a word, "{value}" means {word}, but it is also the label of another option; say with '
            "--options labels or --options values which of them this column holds",
            value=shown(text),
            word=word,
        ),
    )


def is_misled(text: str, word: str | None, misleading: Mapping[str, str]) -> bool:
    """Return whether a word that is no label stands for an option whose label says otherwise; values mislead nobody."""
    return word in misleading and fold(text) not in {"true", "false"}


def word_misled(text: str, word: str, label: str) -> Problem:
    """Return the problem of a word for yes or no whose option is labelled with a word for the other one."""
    return Problem(
        "ambiguous_option",
        message(
            'as a word, "{value}" means {word}, but the label of {word} is "{label}"; write one of the labels, or true '
            "or false",
            value=shown(text),
            word=word,
            label=shown(label),
        ),
    )


def misleading_labels(definition: Property) -> dict[str, str]:
    """Return the labels that are a word for the other choice, in any language: {"true": "No"}."""
    other = {"true": "false", "false": "true"}
    return {
        one.value: label
        for one in definition.options
        for label in one.labels
        if one.value in other and _said_anywhere(label) == {other[one.value]}
    }


def _said_anywhere(label: str) -> set[str]:
    """Return what a label means as a word for yes or no: one thing, both, or nothing."""
    return {word for locale in (None, *_WORDS) if (word := words(locale).get(fold(label)))}


def words(locale: str | None) -> dict[str, str]:
    """Return what means `true` and `false` anywhere and in the language of a locale, in small letters."""
    found = dict(_ANY)
    if locale:
        yes, no = _WORDS.get(locale.replace("_", "-").split("-")[0].lower(), ("", ""))
        found |= dict.fromkeys(map(fold, no.split()), "false") | dict.fromkeys(map(fold, yes.split()), "true")
    return found


BOOLEAN = PropertyType(
    converter=lambda definition, _, reading: BooleanConverter(definition, reading),
    comparer=lambda _: same_word,
    by_locale=True,
    shows_labels=False,
    cell=lambda value, _: {"true": True, "false": False}.get(value.lower(), value),
    # Office programs other than Excel show a boolean as the number it is to them, unless the format has the words.
    cell_format=lambda _: '"TRUE";"TRUE";"FALSE"',
    width=10,
    input_rule="true or false",
)
