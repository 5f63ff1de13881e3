"""Which property of the portal a header names.

In:  a header's text, the portal's properties, what the user mapped.
Out: the names it may stand for, and what is most like it where it stands for none.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz, process

from importer.loader.header_text import bare, plain
from schemas.property import PortalSchema, Property
from schemas.ticket_object import TICKET

KEY = "id"
"""What stands for the record ID among names of properties."""

_SUGGESTIONS = 3
_VERY_NEAR, _FAR = 80.0, 10.0
"""Likeness from which a person is asked about a name, and how much less like all others have to be."""
_NEAR = 70.0
"""Likeness, of 100 and by parts of words too, from which a name is looked at."""
_SHARED, _WORTH = 15.0, 55.0
"""What a word in common adds to likeness, and how much of it makes a name worth suggesting."""
_WORD = re.compile(r"[^\W_]{3,}")


class HeaderMatcher:
    """Finds the property a header names."""

    def __init__(self, schema: PortalSchema, mapping: Mapping[str, str]) -> None:
        self.properties = schema.properties
        self.mapping = {plain(header): name.strip() for header, name in mapping.items()}
        self.mapped_headers = {plain(header): header for header in mapping}
        self.by_label: dict[str, list[str]] = defaultdict(list)
        for one in schema.properties.values():
            # In whatever language the portal gives them, these two labels mean the record ID, as in its exports.
            name = KEY if one.name in {TICKET.record_id, *TICKET.record_id_copies} else one.name
            for label in map(plain, one.labels):
                if name not in self.by_label[label]:
                    self.by_label[label].append(name)

    def candidates(self, header: str) -> list[str]:
        """Return the names a header may stand for: none, one, or several where a label is shared; `id` is the key."""
        mapped = self.mapping.get(plain(header))
        if mapped is not None:
            return self.named(mapped)
        if plain(header) in TICKET.key_headers:
            return self._key_or_property(header)
        return self.named(header)

    def _key_or_property(self, header: str) -> list[str]:
        """Return the key, and the properties that hold something else and bear this header as a label or name."""
        shown = bare(header)
        if shown == TICKET.record_id:
            return [KEY]
        by_name = [shown] if shown in self.properties else []
        others = dict.fromkeys([*by_name, *self.by_label.get(plain(header), ())])
        return [KEY, *(name for name in others if name not in {KEY, TICKET.record_id, *TICKET.record_id_copies})]

    def named(self, name: str) -> list[str]:
        """Return the properties of this name, else of this label."""
        shown = bare(name)
        if shown in {KEY, TICKET.record_id}:
            return [KEY]
        if shown in self.properties:
            return [shown]
        return list(self.by_label.get(plain(name), ())) if plain(name) else []

    def has_key(self, headers: Sequence[str], id_property: str | None) -> bool:
        """Whether some header names tickets: the record ID, or a unique property (the chosen one, where one is)."""
        wanted = self.named(id_property) if id_property else None
        for header in headers:
            found = self.candidates(header) if header.strip() else []
            if wanted is not None:
                if found and found == wanted:
                    return True
            elif KEY in found or any(self.properties[name].unique for name in found if name != KEY):
                return True
        return False

    def only_near(self, header: str) -> Property | None:
        """Return the one property that a header may well be meant for; None where there is none, or are several."""
        ranked = self._ranked(header)
        if not ranked:
            return None
        (likeness, found), *others = ranked
        is_alone = likeness >= _VERY_NEAR and all(likeness - other >= _FAR for other, _ in others)
        return found if is_alone and not found.read_only else None

    def nearest(self, header: str) -> list[Property]:
        """Return the properties whose name or label is most like the header, best first; a word in common counts."""
        wanted = plain(header)
        words = set(_WORD.findall(wanted))
        likeness = {one.name: how_like for how_like, one in self._ranked(header)}
        for one in self.properties.values():
            for text in (plain(one.name), *map(plain, one.labels)):
                if not words.isdisjoint(_WORD.findall(text)):
                    likeness[one.name] = max(likeness.get(one.name, 0.0), fuzz.ratio(wanted, text) + _SHARED)
        best = sorted((name for name in likeness if likeness[name] >= _WORTH), key=lambda name: -likeness[name])
        return [self.properties[name] for name in best[:_SUGGESTIONS]]

    def _ranked(self, header: str) -> list[tuple[float, Property]]:
        """Return the properties that are near to a header with how like it they are, best first."""
        choices = {f"n:{one.name}": plain(one.name) for one in self.properties.values()}
        for place in range(1 + max((len(one.other_labels) for one in self.properties.values()), default=0)):
            choices |= {
                f"{place}:{one.name}": plain(one.labels[place])
                for one in self.properties.values()
                if place < len(one.labels)
            }
        ranked = process.extract(plain(header), choices, scorer=fuzz.WRatio, score_cutoff=_NEAR, limit=12)
        # WRatio likes parts of words too well; among its finds the plain ratio decides.
        best: dict[str, float] = {}
        for text, _, key in ranked:
            name = key.partition(":")[2]
            best[name] = max(best.get(name, 0.0), fuzz.ratio(plain(header), text))
        return [(best[name], self.properties[name]) for name in sorted(best, key=lambda one: -best[one])]
