"""The screens, one module each, in the order of a job. Each can be gone back to."""

from __future__ import annotations

from importer.web.screens import columns, connect, file, history, plan, problems, result, sending

SCREENS = (connect, file, columns, problems, plan, sending, result, history)
