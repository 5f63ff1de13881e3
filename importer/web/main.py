"""The page as a whole: its routes, and what is served besides screens."""

from __future__ import annotations

import socket
from functools import partial
from typing import TextIO

from fastapi import FastAPI

from importer.portal.clock import StopSignal
from importer.web import cells, receive
from importer.web.screens import SCREENS
from importer.web.server import serve
from importer.web.work import Work


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


def build(work: Work, app: FastAPI) -> None:
    """Declare every screen, the cells that the grid fetches, and where uploads go."""
    cells.add_route(app, work)
    receive.add_route(app, work)
    for screen in SCREENS:
        screen.add(work)
