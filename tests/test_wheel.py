"""The wheel is complete: it runs in an empty environment, from another folder, without the tools of development."""

import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = [pytest.mark.wheel, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
    )
    return next(folder.glob("import_tickets-*.whl"))


@pytest.fixture(scope="module")
def program(wheel, tmp_path_factory):
    """Return the installed command; versions are held to the lock file's."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    pins = folder / "pins.txt"
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    found = (re.match(r"([\w.-]+)(?:\[.+\])?(==[^ ;]+)(.*?) ?\\?$", line) for line in lines)
    pins.write_text("\n".join(f"{pin[1]}{pin[2]}{pin[3]}" for pin in found if pin))  # a constraint has no extras
    subprocess.run(
        [str(scripts / "python"), "-m", "pip", "install", "--quiet", "--constraint", str(pins), str(wheel)], check=True
    )
    return scripts / "import-tickets"


def _run(program, *arguments, folder):
    environment = {**os.environ, "IMPORT_TICKETS_HOME": str(folder / "state"), "HUBSPOT_ACCESS_TOKEN": ""}
    return subprocess.run(
        [str(program), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_wheel_holds_its_data(wheel):
    """The default portal, the templates, the catalogue and the marker of types are inside; tests are not."""
    names = zipfile.ZipFile(wheel).namelist()

    assert {"importer/py.typed", "schemas/py.typed", "schemas/default_portal/properties.json"} <= set(names)
    assert any(name.startswith("importer/reports/templates/") for name in names)
    assert any(name.endswith(".mo") for name in names)
    assert not [name for name in names if name.startswith(("tests", "fixtures", "benchmarks"))]


def test_help_and_version(program, tmp_path):
    shown = _run(program, "--help", folder=tmp_path)
    version = _run(program, "--version", folder=tmp_path)

    assert (shown.returncode, version.returncode) == (0, 0)
    assert "FILE" in shown.stdout
    assert version.stdout.startswith("import-tickets ")


def test_dry_run_from_another_folder(program, tmp_path):
    """Without a token or a cache, a dry run checks against the default portal that the wheel brings."""
    edits = tmp_path / "edits.csv"
    edits.write_text("id,hs_ticket_priority\n25000000001,HIGH\n25000000002,Urgentt\n")

    ended = _run(program, "edits.csv", "--dry-run", folder=tmp_path)

    assert ended.returncode == 1, ended.stderr
    assert "would update" in edits.read_text()
    assert "Urgentt" in ended.stderr
