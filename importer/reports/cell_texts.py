"""Changed cells as people read them: labels, and days, moments and numbers as the reader writes them.

In:  values in HubSpot's own form.
Out: texts, which are the same in the spreadsheet, on the terminal and on the page.
"""

from __future__ import annotations

from importer.reports.column_plan import Shown, ValueForms
from importer.reports.text import value_text
from schemas.message import Translations
from schemas.property import PortalSchema


class CellTexts:
    """Says values in one language, moments by the clocks of the portal's zone."""

    def __init__(self, schema: PortalSchema | None, translations: Translations) -> None:
        self._forms = ValueForms(schema, schema.time_zone if schema else "UTC")
        self._translations = translations

    def header(self, name: str) -> str:
        """Return a property's label."""
        return self._forms.header(name)

    def change(self, name: str, before: str, after: str) -> tuple[str, str]:
        """Return both sides of a change; an empty one stays empty."""
        old, new = (self._text(value) for value in self._forms.change(name, before, after))
        return (before, after) if old == new else (old, new)

    def _text(self, value: Shown) -> str:
        return value if isinstance(value, str) else value_text(value, self._translations, grouping="")
