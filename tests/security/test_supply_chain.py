"""What the program is made of: looked through, licensed, listed; and the linter's eye for weaknesses is open."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CI = ROOT / ".ci"


def run(script, *arguments):
    command = [sys.executable, str(CI / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)


def runtime_names():
    from dependencies import runtime_packages

    return {one.name for one in runtime_packages()[0]}


def test_every_direct_dependency_is_found():
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = [*project["dependencies"], *project["optional-dependencies"]["fast"]]

    assert {Requirement(one).name for one in named} <= runtime_names()
    assert "pytest" not in runtime_names()


def test_licences_are_listed_and_none_is_refused():
    ended = run("licences.py")

    assert ended.returncode == 0, ended.stderr
    assert {line.split()[0] for line in ended.stdout.splitlines() if line.startswith("  ")} == runtime_names()


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("BSD-3-Clause AND 0BSD AND (MIT OR Zlib)", True),
        ("GPL-3.0-only", False),
        ("MIT AND LGPL-2.1-or-later", False),
        ("GPL-2.0-only OR MIT", False),
        ("Apache-2.0 WITH LLVM-exception", False),
        ("", False),
    ],
)
def test_what_licences_may_be(expression, allowed):
    """An alternative with a licence that may not be used wants somebody to choose."""
    from licences import is_allowed

    assert is_allowed(expression) is allowed


def test_the_bill_of_materials_lists_what_is_locked(tmp_path):
    """It is valid by CycloneDX's own schema, complete, and the same each time."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    wheel = tmp_path / "import_tickets-0.2.0-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")

    assert run("sbom.py", tmp_path).returncode == 0
    bill = wheel.with_suffix(".cdx.json").read_text("utf-8")
    assert run("sbom.py", tmp_path).returncode == 0

    assert wheel.with_suffix(".cdx.json").read_text("utf-8") == bill
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill) is None
    content = json.loads(bill)
    components = {one["name"]: one for one in content["components"]}
    assert components.keys() == runtime_names()
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    for name, one in components.items():
        assert re.search(rf"^{name}(\[.+\])?=={re.escape(one['version'])} ", lock, re.MULTILINE)
        assert one["licenses"]
        assert all(digest["content"] in lock for digest in one["hashes"])
    references = {one["ref"]: one["dependsOn"] for one in content["dependencies"]}
    assert "pkg:pypi/httpx" in str(references[content["metadata"]["component"]["bom-ref"]])


def test_the_audit_says_what_it_found(monkeypatch, capsys):
    import audit

    answer = {"dependencies": [
        {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]},
        {"name": "b", "version": "1", "vulns": []},
        {"name": "c", "version": "1", "skip_reason": "not known"},
    ]}  # fmt: skip
    ended = subprocess.CompletedProcess([], 1, json.dumps(answer), "")
    monkeypatch.setattr(subprocess, "run", lambda *_args, **_more: ended)

    assert audit.main() == 1
    said = capsys.readouterr().out
    assert "a 1: PYSEC-1, fixed in 2" in said
    assert "2 of 3 packages looked up, 1 with known weaknesses." in said


@pytest.mark.parametrize("answer", ["", "no JSON", '{"dependencies": [{"name": "a", "skip_reason": "not known"}]}'])
def test_without_network_the_audit_is_left_out_aloud(answer, monkeypatch, capsys):
    import audit

    ended = subprocess.CompletedProcess([], 1, answer, "")
    monkeypatch.setattr(subprocess, "run", lambda *_args, **_more: ended)

    assert audit.main() == 0
    assert "Left out: make audit." in capsys.readouterr().out


def test_the_lock_file_names_no_place_to_fetch_from():
    """Names, versions and hashes; where packages come from is the business of whoever installs."""
    lock = (ROOT / "requirements.lock").read_text("utf-8")

    assert "://" not in lock
    assert "--index" not in lock
    assert "--find-links" not in lock


def test_the_linters_rules_about_weaknesses_are_on():
    """Ruff's S rules (flake8-bandit) hold for the whole program, but for SQL that is put together from constants."""
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]["lint"]

    assert lint["select"] == ["ALL"]
    assert [one for one in lint["ignore"] if one.startswith("S")] == ["S101"]
    for pattern, ignored in lint["per-file-ignores"].items():
        if pattern.startswith(("importer", "schemas")):
            assert {one for one in ignored if one.startswith("S")} <= {"S608"}, pattern
