"""The commands, a module each: its options, its call, its output. What a command needs is imported when it runs."""

from __future__ import annotations

from importer.cli.commands import (
    apply,
    approve,
    doctor,
    explain,
    login,
    logout,
    plan,
    portals,
    reconcile,
    restore,
    resume,
    run,
    runs,
    sandbox,
    schema,
    template,
    undo,
    web,
)
from importer.cli.parser import Command

COMMANDS: dict[str, Command] = {
    "run": run.COMMAND,
    "resume": resume.COMMAND,
    "undo": undo.COMMAND,
    "plan": plan.COMMAND,
    "approve": approve.COMMAND,
    "apply": apply.COMMAND,
    "reconcile": reconcile.COMMAND,
    "restore": restore.COMMAND,
    "runs": runs.COMMAND,
    "template": template.COMMAND,
    "schema": schema.COMMAND,
    "login": login.COMMAND,
    "logout": logout.COMMAND,
    "portals": portals.COMMAND,
    "doctor": doctor.COMMAND,
    "explain": explain.COMMAND,
    "sandbox": sandbox.COMMAND,
    "web": web.COMMAND,
}
