"""The entry point: `import-tickets`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from importer.cli.standard_streams import UNWRITTEN, sturdy_streams


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments ask, and return the exit code.

    Whatever becomes of the terminal, the work is done and its exit code is as ever; only where standard output cannot
    take the data it was to have, the code says that.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    with sturdy_streams() as output:
        ended: SystemExit | None = None
        try:
            code = _main(arguments)
        except SystemExit as error:
            ended, code = error, 0
        output.flush()
        if output.lost is not None:
            if "--json" in arguments or not output.is_broken_pipe:  # `| head` is no surprise to anybody
                _say_lost(output.lost, code, arguments)
            return UNWRITTEN
        if ended is not None:
            raise ended
    return code


def _main(arguments: list[str]) -> int:
    """`--version` and `--help` answer before anything else is imported."""
    if arguments == ["--version"]:
        from importer import __version__

        print(f"import-tickets {__version__}")
        return 0
    from importer.cli.parser import parse
    from importer.i18n import language_typed

    options = parse(arguments, language=language_typed(arguments, os.environ))

    from importer.cli.commands import run_command

    return run_command(options, arguments)


def _say_lost(reason: str, code: int, arguments: list[str]) -> None:
    from importer.i18n import language_typed, translations
    from schemas.message import message

    text = message(
        "Standard output could not be written ({reason}); the command itself ended with exit code {code}.",
        reason=reason,
        code=code,
    )
    print(text.render(translations(language_typed(arguments, os.environ))), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
