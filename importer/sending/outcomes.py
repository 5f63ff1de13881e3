"""Put into words, at the right cell, what became of a row that was sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from importer.findings import Finding
from importer.labels import Labels
from importer.model import Change, Columns, Outcome, Status, made_of
from importer.portal import BatchResult, Missing, PortalFault, Problem
from importer.sending.matching import ALL_HELD, Held
from importer.sending.second_look import SecondLook
from schemas.message import Message, message
from schemas.property import PortalSchema

SHOWN = 200
"""Characters of a value that a message shows."""


class OutcomeWriter:
    """Makes outcomes for the rows of one sheet."""

    def __init__(self, columns: Columns, schema: PortalSchema) -> None:
        self.columns = columns
        self.schema = schema
        self._labels = Labels(schema)

    def updated(
        self,
        change: Change,
        ticket: str,
        held: Held = ALL_HELD,
        *,
        answer: BatchResult | None = None,
        warnings: Sequence[str] = (),
    ) -> Outcome:
        """The portal said, or shows, that the ticket holds what was sent, maybe in a form of its own.

        ticket: where the values stand; another than the plan's only where that one was merged into it. answer: what the
        portal had said, where the ticket had to be read back.
        """
        notices = [self._normalised(change, name, value) for name, value in held.formed.items()]
        known = change.ticket or (change.key if self.columns.key.id_property is None else None)
        if known not in {None, ticket} and _number(known or "") != _number(ticket):
            notices.append(
                message("the ticket lives on as {new}, into which it was merged; that one was updated", new=ticket)
            )
        notices += [message("the portal says: {text}", text=_short(text)) for text in warnings if text]
        notices += self._read_back(answer)
        told = None if ticket == change.ticket else ticket  # the journal has the one it planned with
        return Outcome(change.row, Status.UPDATED, (), tuple(notices), told, held.formed)

    def nothing_to_send(self, change: Change) -> Outcome:
        """The portal already has the values, or there are none."""
        return Outcome(change.row, Status.UNCHANGED, ticket=change.ticket)

    def rejected(self, change: Change, faults: Iterable[PortalFault]) -> Outcome:
        """The portal refused the row; its words stand at the cells they name."""
        findings: dict[tuple[str, str], Finding] = {}
        for fault in faults:
            named = [problem for problem in fault.problems if problem.name in change.after]
            others = [problem for problem in fault.problems if problem.name not in change.after]
            for problem in named:
                self._keep(
                    findings, self._at_cell(change, problem.name, "rejected", _refusal(problem, fault, named=True))
                )
            if not named:
                problem = others[0] if others else Problem("", "", "")
                self._keep(findings, self._at_row(change, "rejected", _refusal(problem, fault)))
        if not findings:
            self._keep(findings, self._at_row(change, "rejected", message("the portal refused it without a reason")))
        return Outcome(change.row, Status.FAILED, tuple(findings.values()), ticket=change.ticket)

    @staticmethod
    def _keep(findings: dict[tuple[str, str], Finding], finding: Finding) -> None:
        findings.setdefault((finding.property_name or "", str(finding.text)), finding)

    def missing(self, change: Change, missing: Missing) -> Outcome:
        """The ticket went away between plan and update, was never there, or cannot be read."""
        if missing.error is not None:
            text = message(
                'ticket "{key}" could not be read back; `import-tickets resume` tries again. {reason}',
                key=change.key,
                reason=missing.error.text,
            )
            return Outcome(
                change.row, Status.FAILED, (self._at_key(change, "unavailable", text),), ticket=change.ticket
            )
        texts: dict[str, Message] = {
            "not_found": message('there is no ticket "{key}" in the portal; check the key', key=change.key),
            "archived": message(
                'ticket "{key}" is archived; restore it in HubSpot or take the row out', key=change.key
            ),
            "merged": message(
                'ticket "{key}" was merged into {new}; use that ID, or take the row out',
                key=change.key,
                new=missing.new_id or "?",
            ),
        }
        finding = self._at_key(change, missing.code, texts[missing.kind])
        return Outcome(change.row, Status.FAILED, (finding,), ticket=missing.new_id or change.ticket)

    def not_held(self, change: Change, ticket: str, held: Held, *, was_told: bool, answer: BatchResult) -> Outcome:
        """The ticket does not hold what was sent, or does not show it, when it is read back.

        was_told: the portal's answer said that the row was written.
        """
        code = "not_kept" if was_told else "unconfirmed"
        findings = [
            self._at_cell(change, name, code, self._other_value(change, name, value, was_told=was_told))
            for name, value in held.other.items()
        ]
        text = message(
            "the portal does not show this value to the token, so it can't be confirmed; look at the ticket, "
            "or give the token the scope that shows it"
        )
        findings += [self._at_cell(change, name, "unreadable_property", text) for name in held.unseen]
        return Outcome(change.row, Status.FAILED, tuple(findings), self._read_back(answer), ticket, held.formed)

    @staticmethod
    def _read_back(answer: BatchResult | None) -> tuple[Message, ...]:
        """Return what the portal said of a batch that is not complete."""
        if answer is None or answer.settled:
            return ()
        return (message("the ticket was read back, since the portal answered: {words}", words=life_of(answer)),)

    def _other_value(self, change: Change, name: str, value: str, *, was_told: bool) -> Message:
        sent, current = self._labels.told_change(name, change.after[name], value)
        if not was_told:
            return message(
                'the portal did not confirm this and now holds "{current}"; run again to send it again', current=current
            )
        return message(
            'the portal took "{sent}" and holds "{current}": a rule or a workflow there kept the old value or set '
            "another one",
            sent=sent,
            current=current,
        )

    def other_ticket(self, change: Change, ticket: str) -> Outcome:
        """The portal's answer is about another ticket than the plan's, which was not merged into that one."""
        text = message(
            "the portal's answer is about ticket {other}, and the plan was made for {planned}, which is still there; "
            "look at both tickets, and check the key",
            other=ticket,
            planned=change.ticket or change.key,
        )
        return Outcome(change.row, Status.FAILED, (self._at_key(change, "other_ticket", text),), ticket=change.ticket)

    def in_doubt(self, change: Change) -> Outcome:
        """The run stopped while nobody knew whether the portal had carried the row out."""
        text = message(
            "it may have been sent, and the run stopped before its outcome was noted; `import-tickets resume` finds out"
        )
        return Outcome(change.row, Status.FAILED, (self._at_row(change, "unconfirmed", text),), ticket=change.ticket)

    def unavailable(self, change: Change, answer: BatchResult) -> Outcome:
        """The portal failed again and again, and does not hold what was sent."""
        text = message(
            "the portal could not be reached or did not answer as it should ({problem}{mark}); "
            "`import-tickets resume` tries again",
            problem=answer.problem
            or (message("HTTP {status}", status=answer.status) if answer.status else message("no answer")),
            mark=message(", correlation ID {id}", id=answer.correlation_id) if answer.correlation_id else "",
        )
        return Outcome(change.row, Status.FAILED, (self._at_row(change, "unavailable", text),), ticket=change.ticket)

    def conflicting(self, change: Change, look: SecondLook) -> Outcome:
        """The portal is not as the plan found it: the row is not sent."""
        findings = [self._conflict(change, name, look) for name in (*look.moved, *look.unseen)]
        if look.has_other_key:
            text = message(
                'since the plan was made, the key "{key}" was taken from ticket {ticket}; run again to see what it '
                "leads to now",
                key=change.key,
                ticket=change.ticket or "?",
            )
            findings.append(self._at_key(change, "conflict", text))
        return Outcome(change.row, Status.INVALID, tuple(findings), ticket=change.ticket)

    def _conflict(self, change: Change, name: str, look: SecondLook) -> Finding:
        if name in look.unseen:
            text = message(
                'the plan found "{before}" here, and the portal does not show the value any more; run again to see '
                "the new plan",
                before=self._labels.told(name, look.before[name]),
            )
            return self._at_cell(change, name, "conflict", text)
        before, current = self._labels.told_change(name, look.before[name], look.moved[name])
        if name not in change.after:  # the stage, which the portal chooses where the sheet names a pipeline alone
            text = message(
                'the portal changed {column} from "{before}" to "{current}" after the plan was made, and the row would '
                "change it, too. Run again to see the new plan",
                column=self._header(name),
                before=before,
                current=current,
            )
            return self._at_cell(change, name, "conflict", text)
        text = message(
            'the portal changed this from "{before}" to "{current}" after the plan was made; the sheet says '
            '"{wanted}". Run again to see the new plan',
            before=before,
            current=current,
            wanted=self._labels.told(name, change.after[name]),
        )
        return self._at_cell(change, name, "conflict", text)

    def _normalised(self, change: Change, name: str, value: str) -> Message:
        sent, returned = self._labels.told_change(name, change.after[name], value)
        return made_of(sent=sent, returned=returned, column=self._header(name))

    def _header(self, name: str) -> str:
        definition = self.schema.properties.get(name)
        label = definition.label if definition else name
        column = self.columns.column_of(name)
        return column.header if column else label

    def _at_cell(self, change: Change, name: str, code: str, text: Message) -> Finding:
        value = change.after.get(name)
        return self.columns.finding(code, text, row=change.row, key=change.key, name=name, value=value)

    def _at_key(self, change: Change, code: str, text: Message) -> Finding:
        return self.columns.key_finding(code, text, row=change.row, key=change.key)

    @staticmethod
    def _at_row(change: Change, code: str, text: Message) -> Finding:
        return Finding(code, text, change.row, key=change.key)


def _refusal(problem: Problem, fault: PortalFault, *, named: bool = False) -> Message:
    """The portal's own words; `named`: the cell they stand at already names the property."""
    if fault.is_foreign:
        return message("something on the way to the portal (a firewall or a proxy) refused it: {text}", text=fault.text)
    words = problem.text or fault.text or fault.category or "?"
    if problem.name and not named and problem.name not in words:
        words = f"{problem.name}: {words}"
    if problem.code:
        words = f"{words} ({problem.code})"
    return message("the portal refused it: {text}", text=words)


def life_of(answer: BatchResult) -> str:
    """Return what an answer says of its batch as a whole, by the portal's own names."""
    words = [
        f"{name} {value if isinstance(value, str) else ' '.join(value.values())}"
        for name, value in answer.told.items()
        if value and name not in {"errors", "warnings"}
    ]
    return ", ".join([*words, *([f"correlation ID {answer.correlation_id}"] if answer.correlation_id else [])])


def _number(ticket: str) -> str:
    return ticket.lstrip("0")


def _short(value: str) -> str:
    return value if len(value) <= SHOWN else value[: SHOWN - 1] + "…"
