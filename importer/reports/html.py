"""The page that people look at: one HTML file that needs nothing else, made from the journal.

What the page shows at once is drawn here by Jinja2 with autoescape; the rows of its two tables travel as JSON, and the
page's own script draws them as text, never as markup. A content security policy allows that one script and that one
style by their hashes, and no network at all (https://www.w3.org/TR/CSP3/#meta-element).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import orjson
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from importer.errors import FileError, reason_of
from importer.files import Busy, write_whole
from importer.journal import Journal
from importer.reports.page_view import view_page
from schemas.message import Translations, message
from schemas.property import PortalSchema


def write_html(
    journal: Journal,
    path: Path,
    translations: Translations,
    *,
    schema: PortalSchema | None = None,
    check: Callable[[Path], object] = lambda _: None,
) -> None:
    """Write the page of a run, an undo or a reconciliation to `path`, in the language of `translations`.

    `schema` gives options, owners and stages their labels; without it, values stand as they are sent. Nobody may read
    the page who may not read the spreadsheet. `check` sees the finished page before it takes its place.
    Raises FileError where it cannot be written.
    """
    text = render_html(journal, translations, schema=schema)
    try:
        write_whole(path, lambda file: file.write(text.encode()), like=Path(journal.record.file), check=check)
    except (OSError, Busy) as error:
        raise FileError(
            message(
                "The page {path} cannot be written ({reason}).",
                path=str(path),
                reason=reason_of(error),
            )
        ) from error


def render_html(journal: Journal, translations: Translations, *, schema: PortalSchema | None = None) -> str:
    """Return the page's text."""
    page = view_page(journal, translations, schema=schema)
    style, script = _template("report.css"), _template("report.js")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    return environment.from_string(_template("report.html.j2")).render(
        page=page,
        words=page.words,
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=_hash(style),
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=_hash(script),
        data=embed_json(page.data),
    )


def embed_json(value: object) -> Markup:
    """Return `value` as JSON that can stand in a script element: nothing in it can end the element or open a comment.

    Source: HTML standard, "Restrictions for contents of script elements".
    """
    return Markup(orjson.dumps(value).decode().replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704 - escaped here


def _template(name: str) -> str:
    return resources.files(__package__).joinpath("templates", name).read_text("utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
