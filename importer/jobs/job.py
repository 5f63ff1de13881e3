"""What the steps of one job share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from importer.jobs.options import RunOptions, Ui
from importer.jobs.outputs import Outputs
from importer.jobs.which_portal import portal_name
from importer.journal import Journal
from importer.model import Columns
from schemas.message import Message
from schemas.property import PortalSchema

if TYPE_CHECKING:
    from importer.loader.fingerprint import Fingerprint
    from importer.portal import Portal


@dataclass(frozen=True, slots=True)
class Job:
    """One job: its options, the person, the journal, and what was found out of file and portal."""

    options: RunOptions
    ui: Ui
    journal: Journal
    columns: Columns
    schema: PortalSchema
    portal: Portal | None
    outputs: Outputs
    earlier_requests: Mapping[str, int] = field(default_factory=dict)
    """Requests of the run before it was resumed."""
    fingerprint: Fingerprint | None = None
    """What the file was made from, where it is a template: then only edited cells count."""

    @property
    def portal_name(self) -> Message | None:
        """What the portal is called before people; None where none is known."""
        return portal_name(self.schema, self.portal.settings.base_url if self.portal else "")

    @property
    def must_choose(self) -> bool:
        """Whether a person has to say what becomes of valid rows beside invalid ones."""
        return self.options.on_invalid == "ask" and self.journal.plan.count_blocking_rows() > 0

    @property
    def will_ask(self) -> bool:
        """Whether a person is asked before anything is sent: the plan grows old meanwhile."""
        return not self.options.dry_run and (not self.options.yes or self.must_choose)

    def note_requests(self) -> None:
        """Note how many requests the run has cost until now."""
        if self.portal is not None:
            stats = self.portal.stats.as_dict()
            self.journal.note(requests={name: n + self.earlier_requests.get(name, 0) for name, n in stats.items()})
