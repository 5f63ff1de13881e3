"""The entry point: `import-tickets`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments ask, and return the exit code.

    `--version` and `--help` answer before anything else is imported.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments == ["--version"]:
        from importer import __version__

        print(f"import-tickets {__version__}")
        return 0
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")  # as standard error has it: a letter more or less is no fault
    from importer.cli.arguments import parse
    from importer.language import language_typed

    options = parse(arguments, language=language_typed(arguments, os.environ))

    from importer.cli.commands import run_command

    return run_command(options, arguments)


if __name__ == "__main__":
    sys.exit(main())
