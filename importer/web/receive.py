"""Take the spreadsheet that a form of the page sends."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Form, UploadFile
from starlette.responses import RedirectResponse

from importer.errors import FileError, cannot_write
from importer.web.uploads import MOST_BYTES
from importer.web.work import Work
from schemas.message import message

ROUTE = "/upload"


def add_route(app: FastAPI, work: Work) -> None:
    """Let the form send one file."""

    @app.post(ROUTE)
    async def upload(file: Annotated[UploadFile | None, Form()] = None) -> RedirectResponse:
        work.error = None
        if work.is_sending:
            return RedirectResponse("/sending", status_code=303)
        if file is None or not file.filename:
            return RedirectResponse("/file", status_code=303)
        if (file.size or 0) > MOST_BYTES:
            work.error = FileError(
                message("{file} has more than 200 MB. Cut it into smaller files.", file=file.filename)
            )
            return RedirectResponse("/file", status_code=303)
        try:
            work.use_upload(file.filename, await file.read())
        except OSError as error:
            work.error = FileError(cannot_write(file.filename, error))
            return RedirectResponse("/file", status_code=303)
        return RedirectResponse("/columns", status_code=303)
