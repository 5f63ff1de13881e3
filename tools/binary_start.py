"""Where the single-file program begins: without arguments, as by a double click, it is the page in the browser."""

from __future__ import annotations

import multiprocessing
import sys

from importer.cli.main import main

if __name__ == "__main__":
    multiprocessing.freeze_support()  # Windows and macOS start helpers as this very program
    sys.exit(main(sys.argv[1:] or ["web"]))
