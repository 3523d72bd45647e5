"""Which tests there are, and which mistakes are planted: read from the files alone."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FunctionDef = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Holder:
    """A test that pytest collects; `fails` where it is expected to."""

    node: str
    fails: bool


def functions_in(path: Path) -> Iterator[FunctionDef]:
    """Functions on the first level of a file."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, FunctionDef):
            yield node


@cache
def holders_in(file: str) -> dict[str, Holder]:
    """The tests of a file, by their names; none where there is no such file."""
    path = ROOT / file
    if not (path.is_file() and path.name.startswith("test_")):
        return {}
    return {
        each.name: Holder(f"{file}::{each.name}", is_expected_to_fail(each))
        for each in functions_in(path)
        if each.name.startswith("test_") and not is_fixture(each)
    }


def holder_at(node: str) -> Holder | None:
    """The test of that id, as `folder/test_file.py::test_name`."""
    file, _, name = node.partition("::")
    return holders_in(file).get(name)


def is_fixture(each: FunctionDef) -> bool:
    return is_marked(each, "pytest.fixture")


def is_expected_to_fail(each: FunctionDef) -> bool:
    return is_marked(each, "pytest.mark.xfail", "pytest.mark.skip")


def is_marked(each: FunctionDef, *marks: str) -> bool:
    """Whether one of its decorators is one of these, whatever is asked of it."""
    found = [
        ast.unparse(decorator).partition("(")[0] for decorator in each.decorator_list
    ]
    return any(mark in found for mark in marks)


def mistakes() -> set[str]:
    """Every mistake planted on purpose, by the id of what plants it.

    Those of `mistakes/of_*.py` that `test_caught.py` wants caught, and the tests that
    plant one themselves.
    """
    return set(planted()) | set(planting_tests())


def planted(folder: Path = ROOT / "tests" / "mistakes") -> Iterator[str]:
    named = {
        (node.value.id, node.attr)
        for node in ast.walk(ast.parse((folder / "test_caught.py").read_text("utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    for path in sorted(folder.glob("of_*.py")):
        for each in functions_in(path):
            if (path.stem, each.name) in named:
                yield f"tests/mistakes/{path.name}::{each.name}"


def planting_tests() -> Iterator[str]:
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        file = str(path.relative_to(ROOT))
        for name, test in holders_in(file).items():
            if name.endswith("_is_caught") and name != "test_it_is_caught":
                yield test.node
