"""Connect: which account is worked on."""

from __future__ import annotations

from nicegui import ui
from starlette.responses import RedirectResponse

from importer.errors import ImportTicketsError
from importer.jobs.doctor import SETTINGS_PAGE, Check
from importer.jobs.options import PortalAccess
from importer.web.frame import Screen, Text, to
from importer.web.work import Work
from schemas.message import message

MARKS = {"ok": "✓", "warning": "!", "problem": "✗"}


def add(work: Work) -> None:
    """Declare the first screen, at the address that is printed too."""

    @ui.page("/")
    def index() -> RedirectResponse:
        return to("/connect")

    @ui.page("/connect", response_timeout=60)
    async def connect() -> None:
        if work.account is None and work.access is not None and work.error is None:
            await work.connect(work.access)  # named by the command line
        _Connect(work).draw()


class _Connect(Screen):
    """The ways to an account, and what was found of it."""

    def draw(self) -> None:
        with self.frame("/connect", message("Which HubSpot account?")):
            self.error(self.work.error)
            self.unfinished()
            self.found()
            with ui.element("div").classes("pair"):
                self.practice()
                self.token()
            self.kept()

    def found(self) -> None:
        """Show what was looked at, and the way on."""
        if not self.work.checks:
            return
        with ui.element("section").classes("card"):
            if self.work.account is not None:
                self.text(self.work.account.name, "h2")
            wrong = [one for one in self.work.checks if one.state != "ok"]
            shown = wrong or [one for one in self.work.checks if not one.ours and one.name != "versions"]
            if self.work.account is not None:
                self.go(message("Continue: choose a file"), "/file")
            with ui.element("ul").classes("ticks"):
                for check in shown:
                    self.check(check)

    def check(self, check: Check) -> None:
        """Show one thing that was looked at."""
        with ui.element("li").classes(check.state):
            Text("span", MARKS[check.state], "mark").props("aria-hidden=true")
            with ui.element("div"):
                self.text(check.text, "span")
                if check.remedy is not None:
                    self.text(check.remedy, "p", "soft")

    def practice(self) -> None:
        with ui.element("section").classes("card"):
            self.text(message("Practise without an account"), "h2")
            self.text(message("A small portal with made-up tickets on this machine. Nothing reaches HubSpot."))
            self.button(message("Practise"), lambda: self.reach(self.work.practise()))

    def token(self) -> None:
        """Offer to type a token."""
        with ui.element("section").classes("card"):
            self.text(message("With a token"), "h2")
            self.text(SETTINGS_PAGE, "p", "soft")
            field = ui.input(self.words(message("Access token")), password=True).props("outlined autocomplete=off")
            keep = ui.input(self.words(message("Keep it under a name (optional)"))).props("outlined autocomplete=off")

            async def submit() -> None:
                token, name = str(field.value or ""), str(keep.value or "").strip()
                field.value = ""
                if token.strip():
                    await self.reach(self.work.by_token(token), name)

            field.on("keydown.enter", submit)
            self.button(message("Connect"), submit)

    def kept(self) -> None:
        """Offer the portals that are kept by name."""
        try:
            portals = self.work.portals()
        except ImportTicketsError as error:
            self.error(error)
            return
        if not portals:
            return
        self.text(message("Kept accounts"), "h2")
        with ui.element("div").classes("strip"):
            for portal in portals:
                text = message("{name} (portal {portal})", name=portal.name, portal=portal.portal_id)
                self.button(text, lambda name=portal.name: self.by_name(name), second=True)

    async def by_name(self, name: str) -> None:
        """Connect to a portal that is kept by name."""
        try:
            access = self.work.by_name(name)
        except ImportTicketsError as error:
            self.work.error = error
            ui.navigate.to("/connect")
        else:
            await self.reach(access)

    async def reach(self, access: PortalAccess, keep_as: str = "") -> None:
        """Connect, and show what was found."""
        ui.notification(self.words(message("Connecting …")), timeout=None, spinner=True)
        if await self.work.connect(access, keep_as=keep_as):
            ui.navigate.to("/connect")
