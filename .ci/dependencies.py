"""What the program is made of: the installed packages it needs at run time, with licences and the lock file's hashes.

Run-time dependencies, those of the extras, and theirs in turn; development tools are not among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
PROGRAM = "import-tickets"

_SPDX = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""Trove classifiers as SPDX names, for packages that do not give one themselves."""
_WORDS = {"MIT License": "MIT", "BSD": "BSD-3-Clause", "Apache License 2.0": "Apache-2.0", "PSF": "PSF-2.0"}


@dataclass(frozen=True)
class Package:
    """One package. `licence` is an SPDX expression, "" where the package names none."""

    name: str
    version: str
    licence: str
    needs: tuple[str, ...]


def runtime_packages() -> tuple[list[Package], list[str]]:
    """Return the packages in the order of their names, and the names of those that this platform does without."""
    found: dict[str, Package] = {}
    elsewhere: set[str] = set()
    waiting = list(_requirements(distribution(PROGRAM), {"", *_extras()}))
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found or name in elsewhere:
            continue
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            elsewhere.add(name)
            continue
        further = list(_requirements(installed, {"", *requirement.extras}))
        needs = sorted({canonicalize_name(one.name) for one in further})
        found[name] = Package(name, installed.version, licence_of(installed), tuple(needs))
        waiting += further
    here = [
        Package(one.name, one.version, one.licence, tuple(name for name in one.needs if name in found))
        for one in found.values()
    ]
    return sorted(here, key=lambda one: one.name), sorted(elsewhere)


def _extras() -> list[str]:
    return distribution(PROGRAM).metadata.get_all("Provides-Extra") or []


def _requirements(installed: Distribution, extras: set[str]) -> Iterator[Requirement]:
    """Yield what a package needs on any platform that has one of these extras."""
    for text in installed.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or "extra" not in str(requirement.marker):
            if requirement.marker is None or requirement.marker.evaluate() or "platform" in str(requirement.marker):
                yield requirement
        elif any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            yield requirement


def licence_of(installed: Distribution) -> str:
    """Return a package's licence as an SPDX expression, by its metadata, "" where they do not tell."""
    metadata = installed.metadata
    if expression := metadata.get("License-Expression"):
        return expression
    classifiers = [one.rpartition(" :: ")[2] for one in metadata.get_all("Classifier") or () if "License ::" in one]
    named = sorted({_SPDX[one] for one in classifiers if one in _SPDX})
    if named:
        return " OR ".join(named)
    words = (metadata.get("License") or "").strip().partition("\n")[0]
    return _WORDS.get(words, words)


def locked_hashes() -> dict[str, list[str]]:
    """Return the SHA-256 of every distribution that the lock file allows, by package."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in LOCK.read_text("utf-8").splitlines():
        if entry := re.match(r"([A-Za-z0-9._-]+)(?:\[[a-z0-9_,-]+\])?==", line):
            name = canonicalize_name(entry[1])
        elif digest := re.search(r"--hash=sha256:([0-9a-f]{64})", line):
            found.setdefault(name, []).append(digest[1])
    return found
