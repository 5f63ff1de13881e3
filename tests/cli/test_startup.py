"""What the program says at once needs none of the heavy libraries."""

import subprocess
import sys

import pytest

HEAVY = {"pandas", "pandera", "numpy", "openpyxl", "httpx", "rich", "starlette", "python_calamine"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"], ["template", "--help"]])
def test_help_and_version_import_nothing_heavy(arguments):
    code = (
        "import sys\nfrom importer.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print(' '.join(sys.modules), file=sys.stderr)"
    )

    ended = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)

    assert ended.stdout.startswith(("usage: import-tickets", "import-tickets ", "examples:"))
    assert not HEAVY & set(ended.stderr.split())
