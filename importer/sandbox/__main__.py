"""`python -m importer.sandbox`: serve the sandbox portal."""

from importer.sandbox.serve import main

if __name__ == "__main__":
    raise SystemExit(main())
