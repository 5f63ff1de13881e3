"""How much a text is like one of a language: by which letters follow which in the words that CLDR has for it.

In:  words whose letters are in doubt.
Out: the logarithm of their likelihood in each language of an encoding.

Source: the names of territories, languages, scripts, currencies, time zones, months and days in CLDR, as Babel has it.
A model is made of a language's words when it is first needed, which is where a file is not UTF-8.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from importer.loader.common_words import COMMON_WORDS

_WORD = re.compile(r"[^\W\d_]+")
_EDGE = " "
ENGLISH = (
    "the and of to in for is on that with was as are at be this have from or by but they his her their our your has "
    "had will can would there been one if more when who which out so what up about than them some other then into "
    "only could time these two may first now any new over after also most because how before did no yes please "
    "thanks thank hello etc still again wait waiting pending open closed customer customers client clients user "
    "users order orders ticket tickets refund refunds invoice invoices payment payments account accounts team teams "
    "agent agents admin admins member members item items day days week weeks month months year years company "
    "companies partner partners manager managers supplier suppliers vendor vendors employee employees parent "
    "parents child children people men women driver drivers owner owners email emails phone name names address "
    "delivery shipping shipment return returns replacement request requests issue issues problem problems error "
    "errors report reports update updates details support service login password missing broken late urgent done "
    "sent received asked said see need needs wants does doesn didn isn won couldn wouldn james jones thomas "
    "williams charles chris davis evans harris hughes lewis roberts smith smiths screen printer laptop boys boss "
    "bob hmm hmmm okay ooh"
)
"""Words of English tickets: an English text may have nothing beyond ASCII but an apostrophe or dots beside one."""
_SHORT_WORDS = {
    "pt": "à às é há só já até não são você três mês também então está número ações atenção serviço preço endereço "
    "gonçalves",
    "fr": "à là où ça ça été très déjà même après être voilà œuvre sœur cœur bœuf vœux reçu français problème école "
    "leçon garçon façon noël citroën",
    "de": "für über können müssen größe straße grüße möchte schön übung fällt später läuft",
    "es": "él sí qué más está también así señor año niño cuándo aquí días solución "
    "preferís decís seguís sentís venís salís vivís pedís quedó afectó",
    "it": "è più già così perché però può città qualità cioè né sé là lì",
    "da": "på også så når får år må både ønsker køb række første",
    "nb": "på også så når får år må både ønsker kjøp første",
    "sv": "är på också så när får år må både för från första åtgärd önskar",
    "nl": "één coördinatie reünie geïnteresseerd financiële naïef privé ruïne zoë noël citroën officiële categorieën",
    "is": "að það við þú þá ég á í úr já því eða þetta hún síðan þór bílaleiga",
    "en": f"it s don t can t i m you re we ll i ve d not {ENGLISH}",
    "fi": "että myös mitä näin täällä työ yhtiö hyvää tämä tänään pyyntö käyttäjä",
    "ca": "és això més també què després qualitat solució permís indecís imprecís alcanyís fugís",
}
_SHORT_WEIGHT = 30
"""Words that names lack: those that texts are mostly made of, with letters or signs beyond ASCII."""
_PAIR_SHARE, _SINGLE_SHARE, _UNKNOWN = 0.3, 0.08, 1e-7
"""What part of a likelihood comes from two letters, from one alone, and what a letter has that the language lacks."""


def likelihood(words: Sequence[str], languages: Sequence[str]) -> float:
    """Return the logarithm of how likely the words are in the best of some languages, or in all of them mixed."""
    by_language = [[_model(language).of_word(word) for word in words] for language in languages]
    choice = math.log(len(languages))
    mixed: float = sum(map(max, zip(*by_language, strict=True))) - choice * len(words)
    return max(mixed, *(sum(one) - choice for one in by_language))


def normal(text: str) -> str:
    """Return a text as the models have it: small letters, accents joined to them."""
    return unicodedata.normalize("NFC", text.replace("İ", "i").lower())


class _Model:
    """Which letters follow which in the words of a language."""

    def __init__(self, words: Iterable[str]) -> None:
        self._threes: Counter[str] = Counter()
        self._twos: Counter[str] = Counter()
        self._ones: Counter[str] = Counter()
        for word in words:
            text = f"{_EDGE}{word}{_EDGE}"
            self._ones.update(text[1:])
            self._twos.update(text[at : at + 2] for at in range(len(text) - 1))
            self._threes.update(text[at : at + 3] for at in range(len(text) - 2))
        self._letters = sum(self._ones.values())
        self._known: dict[str, float] = {}

    def of_word(self, word: str) -> float:
        """Return the logarithm of a word's likelihood."""
        if word not in self._known:
            text = f"{_EDGE}{word}{_EDGE}"
            self._known[word] = sum(
                math.log(self._of_letter(text[max(at - 2, 0) : at], text[at])) for at in range(1, len(text))
            )
        return self._known[word]

    def _of_letter(self, before: str, letter: str) -> float:
        single = self._ones[letter] / self._letters
        pair = self._twos[before[-1] + letter] / (self._ones[before[-1]] or 1)
        three = self._threes[before + letter] / (self._twos[before] or 1) if len(before) > 1 else pair
        return (1 - _PAIR_SHARE - _SINGLE_SHARE) * three + _PAIR_SHARE * pair + _SINGLE_SHARE * single + _UNKNOWN


@cache
def _model(language: str) -> _Model:
    common = f"{_SHORT_WORDS.get(language, '')} {COMMON_WORDS.get(language, '')}".split()
    return _Model([*sorted(set(cldr_words(language))), *common * _SHORT_WEIGHT])


def cldr_words(language: str) -> Iterator[str]:
    """Yield the words that CLDR has for a language."""
    from babel import Locale

    locale = Locale.parse(language)
    for texts in (
        locale.territories,
        locale.languages,
        locale.scripts,
        locale.currencies,
        locale.time_zones,
        locale.meta_zones,
        locale.months,
        locale.days,
        locale.quarters,
        locale.eras,
        locale.variants,
    ):
        for text in _texts(texts):
            yield from _WORD.findall(normal(text))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping) or hasattr(value, "values"):
        for one in value.values():
            yield from _texts(one)
