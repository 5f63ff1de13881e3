"""What MkDocs does not do by itself: pages that lie beside `docs` belong to the site, and source files do not.

On a code host, a link from a page to `../SECURITY.md` works as it stands. The site takes such pages in, under their
names; a link to anything else outside of `docs` becomes plain text there.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TAKEN_IN = ("SECURITY.md", "CHANGELOG.md")
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(((?!https?:)[^)#\s]+)(#[^)]*)?\)")


def on_files(files: Any, config: Any) -> Any:
    """Take in the pages beside `docs`."""
    from mkdocs.structure.files import File

    for name in TAKEN_IN:
        if (ROOT / name).is_file():
            files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Point links between `docs` and what lies beside it at the site's pages; other ones become plain text."""
    site_folder = posixpath.dirname(page.file.src_uri)
    folder = "." if page.file.src_uri in TAKEN_IN else posixpath.join("docs", site_folder)

    def pointed(found: re.Match[str]) -> str:
        text, target, anchor = found[1], found[2], found[3] or ""
        place = posixpath.normpath(posixpath.join(folder, target))
        if not place.startswith("docs/") and place not in TAKEN_IN:
            return text
        return f"[{text}]({posixpath.relpath(place.removeprefix('docs/'), site_folder or '.')}{anchor})"

    return _LINK.sub(pointed, markdown)


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Name the language of pages that aren't in the site's own, for screen readers and translators."""
    language = next((one for one in ("pt-BR",) if page.file.src_uri.startswith(f"guide/{one}/")), None)
    return re.sub(r'<html lang="[^"]*"', f'<html lang="{language}"', output, count=1) if language else output
