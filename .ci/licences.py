"""List the licences of what the program is made of; fail for one that asks more than to be named.

Weak copyleft that ends at the file (MPL) is fine: nothing of such a package is changed or copied here.
"""

from __future__ import annotations

import re
import sys

from dependencies import runtime_packages

ALLOWED = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0",
    "Python-2.0", "Unicode-3.0", "Unlicense", "Zlib",
}  # fmt: skip
LOOKED_UP: dict[str, str] = {}
"""What a package's own files say where its metadata do not; or which of several licences is the one we take."""


def is_allowed(expression: str) -> bool:
    """Return whether every licence of an SPDX expression may be used, those of an alternative too."""
    words = re.findall(r"[^\s()]+", expression)
    return bool(words) and all(word in ALLOWED for word in words if word not in {"AND", "OR"})


def main() -> int:
    """Print the list; return 1 if something in it may not be used."""
    packages, elsewhere = runtime_packages()
    refused = []
    for package in packages:
        licence = LOOKED_UP.get(package.name, package.licence)
        print(f"  {package.name:22} {package.version:12} {licence or '(not named)'}")
        if not is_allowed(licence):
            refused.append(package.name)
    if elsewhere:
        print(f"Not looked at, since this platform does without them: {', '.join(elsewhere)}")
    if refused:
        print(f"Not among the licences we may use: {', '.join(refused)}", file=sys.stderr)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
