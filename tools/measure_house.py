"""Measure the house: modules, lines, functions, how branched they are, and facts that stand at several places.

python -m tools.measure_house [FOLDER]      of the checkout in FOLDER, by default this one
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import mean

ROOT = Path(__file__).parents[1]
PACKAGES = ("importer", "schemas")
LONG_FUNCTION, LONG_CLASS = 60, 250
_BRANCHES = (
    ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.comprehension, ast.Assert,
    ast.match_case,
)  # fmt: skip
TYPE_DISPATCH = re.compile(r"(?<!cell)(?<!rule)\.(?:type|field_type)\s*(?:==|!=|in\b|not in\b)|match \w+\.type\b")

FACTS_BY_KEY = re.compile(r"\bmeta(?:\[|\(|\.get\()")
"""A run's facts, asked for by the text of a key: as they were kept before `importer.journal.run_record`."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def complexity(function: Function) -> int:
    """Return the cyclomatic complexity: one more than the branches (McCabe)."""
    nodes = list(ast.walk(function))
    operators = sum(len(node.values) - 1 for node in nodes if isinstance(node, ast.BoolOp))
    return 1 + operators + sum(isinstance(node, _BRANCHES) for node in nodes)


def size(node: Function | ast.ClassDef) -> int:
    """Return the lines of a definition."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def names_used(tree: ast.AST) -> Iterator[str]:
    """Yield each name that is used, not defined."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def measure(root: Path) -> dict[str, object]:
    """Return the figures of a checkout by their names."""
    paths = [path for package in PACKAGES for path in sorted((root / package).rglob("*.py"))]
    texts = {path: path.read_text(encoding="utf-8") for path in paths}
    trees = {path: ast.parse(text) for path, text in texts.items()}
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    functions = [node for node in nodes if isinstance(node, Function)]
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    used = Counter(name for tree in trees.values() for name in names_used(tree))
    private = {one.name for one in functions if one.name.startswith("_") and not one.name.startswith("__")}
    lines = sum(text.count("\n") for text in texts.values())
    once = sum(used[name] == 1 for name in private)
    dispatch = {path: len(TYPE_DISPATCH.findall(text)) for path, text in texts.items()}
    inside = {path for path in dispatch if path.is_relative_to(root / "importer" / "sandbox")}
    return {
        "modules": len(paths),
        "loose in importer/": sum(path.parent == root / "importer" for path in paths),
        "lines": lines,
        "functions": len(functions),
        f"functions over {LONG_FUNCTION} lines": sum(size(one) > LONG_FUNCTION for one in functions),
        f"classes over {LONG_CLASS} lines": sum(size(one) > LONG_CLASS for one in classes),
        "private helpers used once": once,
        "private helpers used once, per 1,000 lines": round(once * 1000 / lines, 1),
        "mean complexity": round(mean(complexity(one) for one in functions), 2),
        "comparisons of a property's type, without the sandbox": sum(
            count for path, count in dispatch.items() if path not in inside
        ),
        "modules with such comparisons": sum(bool(count) for path, count in dispatch.items() if path not in inside),
        "a run's facts read by key": sum(
            len(FACTS_BY_KEY.findall(text)) for path, text in texts.items() if path not in inside
        ),
    }


def main() -> None:
    """Print the figures of the checkout that is named."""
    for name, figure in measure(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT).items():
        print(f"{name:55} {figure:>8}")


if __name__ == "__main__":
    main()
