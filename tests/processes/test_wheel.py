"""`tidlig-schemas`: what is in the wheel, and that a stranger needs nothing else."""

import ast
import hashlib
import os
import re
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.waiting import until
from schemas.rulesets import NEWEST, ruleset
from schemas.types import TYPES
from tests.schemas import said

from .clean import SCHEMAS, build, environment, run
from .conftest import LocalStack

NAV = "889640782"
SAID = ("no.tidlig.initiative.registered", "no.tidlig.initiative.shared")
# works in the checkout only: what makes these files, and what guards them
# the README's own first event is "min-forste" too, and has other words
MINE = "min-forste-fra-hjulet"
LEFT_OUT = {"published", "compatibility", "released", "generate.py", "pyproject.toml"}
LEFT_OUT_TEXTS = {"README.md", "WHEEL.md"}
EXAMPLE = re.compile(r"```python\n(import os\n.*?)```", re.DOTALL)

IMPORT_ALL = """
import importlib, pkgutil, sys, tidlig_schemas
for found in pkgutil.walk_packages(tidlig_schemas.__path__, "tidlig_schemas."):
    importlib.import_module(found.name)
ours = [name for name in sys.modules if name.split(".")[0] in ("schemas", "services")]
assert not ours, ours
"""
JUDGE = """
import json, sys
from importlib.resources import files
from tidlig_schemas.admission import admit
from tidlig_schemas.names import name_of
from tidlig_schemas.rulesets import NEWEST, ruleset
from tidlig_schemas.types import TYPES
root = files("tidlig_schemas")
record = open(sys.argv[1], "rb").read()
fact = admit(record, (), sys.argv[2], b"889640782:k7v2qd9x")
print(json.dumps([
    type(fact).__name__, fact.data.title, len(TYPES), NEWEST,
    len(ruleset(NEWEST).organisations), name_of("889640782"),
    sum(1 for each in (root / "examples").iterdir()),
    sum((root / "generated" / (name + ".json")).is_file() for name in TYPES),
    (root / "py.typed").is_file(),
]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the wheel and what it needs."""
    return environment(tmp_path_factory.mktemp("clean"), wheel)


def example() -> str:
    (found,) = EXAMPLE.findall((SCHEMAS / "WHEEL.md").read_text("utf-8"))
    return str(found)


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as opened:
        return {
            name.removeprefix("tidlig_schemas/")
            for name in opened.namelist()
            if name.startswith("tidlig_schemas/")
        }


def test_built_twice_it_is_the_same_byte_for_byte(wheel: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "checkout" / "schemas"
    shutil.copytree(SCHEMAS, elsewhere)
    for path in elsewhere.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o700 if path.is_dir() else 0o600)
    again = build(tmp_path / "again", schemas=elsewhere)

    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (wheel, again)}
    assert len(digests) == 1


def test_all_of_the_contract_is_in_it_and_nothing_else(wheel: Path) -> None:
    there = {
        path.relative_to(SCHEMAS)
        for path in SCHEMAS.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    meant = {
        str(path)
        for path in there
        if path.parts[0] not in LEFT_OUT and str(path) not in LEFT_OUT_TEXTS
    }

    assert names_in(wheel) == meant
    assert {path.parts[0] for path in there} >= LEFT_OUT_TEXTS | {"generate.py"}


def test_its_modules_name_each_other_by_their_place(wheel: Path) -> None:
    """The folder has another name in the wheel."""
    absolute = [
        f"{name}: {module}"
        for name in sorted(names_in(wheel))
        if name.endswith(".py")
        for module in named_in(SCHEMAS / name)
        if module.split(".")[0] in ("schemas", "services", "deploy")
    ]

    assert absolute == []


def named_in(path: Path) -> Iterator[str]:
    """The modules that a file imports by their full name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


def test_every_module_can_be_imported_with_what_it_says_it_needs(
    python: Path, tmp_path: Path
) -> None:
    run(str(python), "-I", "-W", "error", "-c", IMPORT_ALL, cwd=tmp_path)


def test_a_stranger_judges_with_it_as_the_services_do(
    python: Path, tmp_path: Path
) -> None:
    event = said.example("initiative.registered")
    record = tmp_path / "record.json"
    record.write_bytes(said.stamped(event))
    arguments = (str(record), said.topic_of(event))

    told = run(str(python), "-I", "-c", JUDGE, *arguments, cwd=tmp_path)

    known = ruleset(NEWEST)
    assert told.startswith('["Fact", "Felles digital s')
    numbers = f"{len(TYPES)}, {NEWEST}, {len(known.organisations)}"
    assert numbers in told
    folders = sum(1 for each in (SCHEMAS / "examples").iterdir())
    assert told.endswith(f"{folders}, {len(TYPES)}, true]\n")


def test_twenty_lines_are_enough() -> None:
    assert len([line for line in example().splitlines() if line.strip()]) <= 20


def test_the_twenty_lines_emit_and_follow(
    python: Path, tmp_path: Path, local_stack: LocalStack
) -> None:
    emits_and_follows(python, tmp_path, local_stack)

    ids = [f"{e['subject']} {e['id']}" for e in local_stack.feed("971032146")]
    assert ids.count(f"{NAV}:{MINE} 1") == 1


def emits_and_follows(
    python: Path, folder: Path, stack: LocalStack, mine: str = MINE
) -> None:
    """Run the example of the wheel's own page until its reader has been given all."""
    given = {
        "TIDLIG_INTAKE": stack.now.service_urls["intake"],
        "TIDLIG_DELIVERY": stack.now.service_urls["delivery"],
        "TIDLIG_TOKEN": stack.token(NAV),
    }
    code = example().replace("min-forste", mine)
    told: list[str] = []

    def runs() -> bool:
        told.append(run(str(python), "-I", "-c", code, cwd=folder, env=given))
        heard = "".join(told)
        return all(f"{name}.v1 {NAV}:{mine} " in heard for name in SAID)

    assert until(runs, 30), told
    assert told[0].startswith("Flushed(accepted=2, refused=0)")
    assert "title='Mitt første tiltak'" in "".join(told)
    again = run(str(python), "-I", "-c", code, cwd=folder, env=given)
    assert again.startswith("Flushed(accepted=0, refused=0)")
    assert SAID[0] not in again


@pytest.mark.long
def test_a_strangers_types_are_checked(python: Path, tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(example(), "utf-8")
    wrong.write_text(example().replace('subject=mine, id="1"', 'subject=1, id="1"'))
    strict = ("--strict", "--config-file", os.devnull, "--cache-dir", "cache")
    mypy = [sys.executable, "-I", "-m", "mypy", *strict]
    mypy += ["--python-executable", str(python)]

    assert "Success" in run(*mypy, str(right), cwd=tmp_path)
    with pytest.raises(AssertionError, match='incompatible type "int"'):
        run(*mypy, str(wrong), cwd=tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("versions", ["newest", "oldest"])
def test_installed_by_name_the_twenty_lines_work_with_every_version_it_allows(
    wheel: Path, tmp_path: Path, local_stack: LocalStack, versions: str
) -> None:
    """Needs the package index, as `make` does when it sets itself up."""
    text = (SCHEMAS / "pyproject.toml").read_text("utf-8")
    oldest = re.findall(r'^    "([a-z0-9-]+)>=([0-9.]+),', text, re.MULTILINE)
    assert len(oldest) >= 5
    constraints = tmp_path / "constraints.txt"
    bounds = [f"{name}=={version}" for name, version in oldest]
    constraints.write_text("\n".join(bounds) if versions == "oldest" else "")
    run(sys.executable, "-I", "-m", "venv", "fresh", cwd=tmp_path)
    python = tmp_path / "fresh" / "bin" / "python"
    pip = (str(python), "-m", "pip", "install", "--quiet")

    run(*pip, "-c", str(constraints), str(wheel), cwd=tmp_path)

    run(str(python), "-I", "-W", "error", "-c", IMPORT_ALL, cwd=tmp_path)
    emits_and_follows(python, tmp_path, local_stack, versions)
