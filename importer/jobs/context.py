"""What every job works with, whatever it does: the portal's door, the state folder, the person, the wish to stop."""

from __future__ import annotations

from dataclasses import dataclass, field

from importer.jobs.options import PortalAccess, Ui
from importer.jobs.state import StateFolder
from importer.portal.clock import StopSignal


@dataclass(frozen=True, slots=True)
class Context:
    """One for each job. `lang` is the language of what people read."""

    access: PortalAccess
    state: StateFolder
    ui: Ui
    stop: StopSignal = field(default_factory=StopSignal)
    """Asks a job to end early: requests in flight are finished first."""
    lang: str = "en"
