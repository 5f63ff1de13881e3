"""What the house promises of itself: no loose files, and facts that stand in one place."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

from tools.measure_house import LONG_CLASS, LONG_FUNCTION, TYPE_DISPATCH, Function, size

ROOT = Path(__file__).parents[1]


def sources():
    """Return each module of the product but the sandbox, which keeps its own facts on purpose."""
    paths = [path for package in ("importer", "schemas") for path in (ROOT / package).rglob("*.py")]
    return [path for path in paths if not path.is_relative_to(ROOT / "importer" / "sandbox")]


@pytest.fixture(scope="module")
def constants():
    """Each constant of each module, by the module's path; docstrings are none."""
    found = {}
    for path in sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in alone)
        found[path.relative_to(ROOT).as_posix()] = {str(node.value) for node in nodes}
    return found


@pytest.mark.parametrize(
    ("fact", "home"),
    [
        (
            "hs_(object_id|ticket_id|lastmodifieddate|pipeline|pipeline_stage)|hubspot_owner_id",
            "schemas/ticket_object.py",
        ),
        (".*0-5|/?tickets/.*|record id", "schemas/ticket_object.py"),
        ("https://api.hubapi.com", "schemas/ticket_object.py"),
        ("32767", "importer/ooxml/xml.py"),
        ("Import (status|message|report|changes)", "importer/findings.py"),
        (".*as workbooks have it.*", "importer/ooxml/errors.py"),
    ],
)
def test_a_fact_stands_in_its_home_alone(constants, fact, home):
    holders = {path for path, texts in constants.items() if any(re.fullmatch(fact, text) for text in texts)}

    assert holders == {home}


def test_no_file_lies_loose_in_the_hall():
    loose = {path.stem for path in (ROOT / "importer").iterdir() if path.is_file()}

    assert loose == {"__init__", "__main__", "py", "model", "findings", "errors", "labels", "files", "i18n"}


def test_no_room_but_the_types_asks_for_a_property_s_type():
    asking = {
        path.relative_to(ROOT).as_posix()
        for path in sources()
        if TYPE_DISPATCH.search(path.read_text(encoding="utf-8"))
    }

    assert {path for path in asking if not path.startswith("schemas/types/")} == {"schemas/property.py"}


def test_a_function_fits_a_screen_and_a_class_four():
    paths = [path for package in ("importer", "schemas") for path in (ROOT / package).rglob("*.py")]
    nodes = [(path, node) for path in paths for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    functions = [(path, node) for path, node in nodes if isinstance(node, Function)]
    classes = [(path, node) for path, node in nodes if isinstance(node, ast.ClassDef)]

    assert [f"{path.name}: {one.name}" for path, one in functions if size(one) > LONG_FUNCTION] == []
    assert [f"{path.name}: {one.name}" for path, one in classes if size(one) > LONG_CLASS] == []


def test_no_modules_import_each_other_in_a_circle():
    """Imports within functions and those for types count, too."""
    graph = grimp.build_graph("importer", "schemas", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}

    TopologicalSorter(imports).prepare()


LIBRARIES = {"python-calamine": "python_calamine", "google-re2": "re2"}


def test_the_libraries_are_used_where_the_architecture_says():
    table = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("| library | used by |")[2]
    said = {}
    for line in table.partition("\n\n")[0].splitlines()[2:]:
        libraries, users = line.strip("|").split("|")
        for library in libraries.split(","):
            said[LIBRARIES.get(library.strip(), library.strip())] = set(re.findall(r"`([a-z_.]+)`", users))

    used = {library: set() for library in said}
    for path in (path for package in ("importer", "schemas") for path in (ROOT / package).rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for library in imported(path) & said.keys():
            used[library].add(next((room for room in said[library] if f"{module}.".startswith(f"{room}.")), module))

    assert used == said


def imported(path):
    """Return the libraries that a module imports anywhere, by the first part of their names."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = [one.name for node in nodes if isinstance(node, ast.Import) for one in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    return {name.partition(".")[0] for name in names}
