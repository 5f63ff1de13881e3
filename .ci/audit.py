"""Look through the lock file for packages with known weaknesses; without network, say that this was left out."""

from __future__ import annotations

import json
import subprocess
import sys

from dependencies import LOCK

PATIENCE_S = 300


def main() -> int:
    """Return 1 if there are any, 0 if not, or if nobody could be asked."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), "--require-hashes", "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off"]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
        packages = json.loads(ended.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return left_out("the database of weaknesses did not answer")
    looked_at = [one for one in packages if "skip_reason" not in one]
    if not looked_at:
        return left_out("the database of weaknesses is out of reach")
    weak = [one for one in looked_at if one.get("vulns")]
    for one in weak:
        for weakness in one["vulns"]:
            fixed = ", ".join(weakness.get("fix_versions") or ()) or "no version yet"
            print(f"{one['name']} {one['version']}: {weakness['id']}, fixed in {fixed}")
    print(f"{len(looked_at)} of {len(packages)} packages looked up, {len(weak)} with known weaknesses.")
    return 1 if weak else 0


def left_out(reason: str) -> int:
    """Say so, and let the rest go on."""
    print(f"Left out: make audit. {reason[0].upper()}{reason[1:]}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
