"""The page as a whole: its routes, and what is served besides screens."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from functools import partial
from typing import TextIO

from fastapi import FastAPI
from nicegui.translations import translations as library_words

from importer.i18n import say
from importer.portal.clock import StopSignal
from importer.web import cells, receive
from importer.web.screens import SCREENS
from importer.web.server import quasar_language, serve
from importer.web.work import Work
from schemas.message import Message, message


async def serve_page(
    work: Work, stop: StopSignal, *, listening: socket.socket, out: TextIO, open_browser: bool
) -> None:
    """Serve one person's page until `stop` is set; a job under way is asked to stop then, too."""
    forget = stop.listen(work.stop)
    try:
        await serve(
            partial(build, work), stop, listening=listening, out=out, open_browser=open_browser, language=work.lang
        )
    finally:
        forget()


LOST: Mapping[str, Message] = {
    "connection_lost": message("The page has no connection to the program."),
    "trying_to_reconnect": message(
        "Has it ended? Nothing is lost: start it again, and its page offers to continue. Otherwise please wait."
    ),
    "message_too_long": message("That was too much at once."),
    "message_too_long_body": message("The page could not send so much to the program. Try again with less."),
}
"""What NiceGUI itself says, by its names for it; it has nothing in Portuguese."""


def build(work: Work, app: FastAPI) -> None:
    """Declare every screen, the cells that the grid fetches, and where uploads go."""
    library_words[quasar_language(work.lang)] = {name: say(work.words, text) for name, text in LOST.items()}
    cells.add_route(app, work)
    receive.add_route(app, work)
    for screen in SCREENS:
        screen.add(work)
