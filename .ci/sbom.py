"""Write the software bill of materials beside the wheel: CycloneDX 1.6, JSON.

What the program needs at run time, with versions, licences, and the hashes of every distribution that the lock file
allows. The same wheel and lock give the same bytes. Source: CycloneDX specification 1.6 (ECMA-424).
"""

from __future__ import annotations

import hashlib
import json
import sys
import uuid
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from dependencies import PROGRAM, Package, locked_hashes, runtime_packages

SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"


def bill(wheel: Path) -> dict[str, Any]:
    """Return the bill of materials of a wheel."""
    packages, _ = runtime_packages()
    hashes = locked_hashes()
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    itself = distribution(PROGRAM)
    program = Package(PROGRAM, itself.version, "MIT", tuple(one.name for one in packages if _is_direct(one)))
    content: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {**_component(program, [digest]), "type": "application"}},
        "components": [_component(one, hashes.get(one.name, [])) for one in packages],
        "dependencies": [
            {"ref": _reference(one), "dependsOn": [_reference(other) for other in packages if other.name in one.needs]}
            for one in (program, *packages)
        ],
    }
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))
    return {"$schema": SCHEMA, "serialNumber": f"urn:uuid:{number}", **content}


def _is_direct(package: Package) -> bool:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    return package.name in {canonicalize_name(Requirement(one).name) for one in distribution(PROGRAM).requires or ()}


def _component(package: Package, digests: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": _reference(package),
        "name": package.name,
        "version": package.version,
        "purl": _reference(package),
    }
    if package.licence:
        found["licenses"] = [{"expression": package.licence}]
    if digests:
        found["hashes"] = [{"alg": "SHA-256", "content": digest} for digest in digests]
    return found


def _reference(package: Package) -> str:
    return f"pkg:pypi/{package.name}@{package.version}"


def main(folder: Path) -> int:
    """Write a bill beside every wheel in a folder; return 1 where there is none."""
    wheels = sorted(folder.glob("*.whl"))
    for wheel in wheels:
        target = wheel.with_suffix(".cdx.json")
        target.write_text(json.dumps(bill(wheel), indent=2) + "\n", "utf-8")
        print(target)
    return 0 if wheels else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "dist")))
