"""The house's own rules: one shape for every service, names written once."""

import ast
import importlib.metadata
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas import topics
from schemas.generate import products
from schemas.published.meaning import SAID_BY

ROOT = Path(__file__).parents[2]
ROOMS = ("schemas", "services", "deploy", "tests", "bench")
SERVICES = sorted(
    path for path in (ROOT / "services").iterdir() if (path / "__main__.py").exists()
)
NEEDED = {"README.md", "__main__.py", "settings.py", "app.py", "api.py", "store.py"}
LONGEST_FILE = 400


def python_files() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((ROOT / room).rglob("*.py"))


def committed() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [
        ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()
    ]


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_a_newcomer_finds_the_same_files_in_every_service(service: Path) -> None:
    found = {path.name for path in service.iterdir()}

    assert found >= NEEDED


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_a_services_readme_names_its_files_and_no_others(service: Path) -> None:
    text = (service / "README.md").read_text("utf-8")
    named = set(re.findall(r"`([a-z_]+\.py)`", text))
    there = {path.name for path in service.glob("*.py")}

    assert named <= there
    assert {"api.py", "rules.py"} & there <= named


@pytest.mark.parametrize("word", ["utils", "helpers", "manager", "base"])
def test_no_file_is_named_after_nothing(word: str) -> None:
    assert [path for path in python_files() if path.stem == word] == []


def test_no_file_is_longer_than_a_subject_needs() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in python_files()
        if (lines := len(path.read_text("utf-8").splitlines())) > LONGEST_FILE
        and "tests" not in path.parts
    }

    assert long == {}


def test_a_topics_name_is_written_in_one_place() -> None:
    names = [topic.name for topic in topics.ALL]
    for path in python_files():
        if path.name == "topics.py" or "tests" in path.parts:
            continue
        text = path.read_text("utf-8")
        assert not [name for name in names if f'"{name}"' in text], path


def test_only_api_and_app_know_http_and_only_stores_know_sql() -> None:
    statement = re.compile(r"^\s*(SELECT|INSERT|UPDATE|DELETE)\s", re.MULTILINE)
    for service in SERVICES:
        api = (service / "api.py").read_text("utf-8")
        assert not statement.search(api), f"{service.name}/api.py"
        rules = service / "rules.py"
        assert not rules.exists() or not statement.search(rules.read_text("utf-8"))


def test_every_server_listens_on_loopback_unless_told_otherwise() -> None:
    for service in SERVICES:
        settings = (service / "settings.py").read_text("utf-8")
        assert 'host: str = "127.0.0.1"' in settings, service.name


def test_what_is_derived_from_the_type_table_is_fresh() -> None:
    stale = [path for path, text in products() if path.read_text("utf-8") != text]

    assert stale == []


def test_a_stale_file_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemas.generate.SAID_BY", dict.fromkeys(SAID_BY, "x"))

    assert [path for path, text in products() if path.read_text("utf-8") != text]


def test_no_dependency_ships_our_top_level_names() -> None:
    shipped = importlib.metadata.packages_distributions()

    assert not {"schemas", "services", "deploy", "tests", "bench"} & shipped.keys()


def test_requirements_are_pinned_and_locked_with_hashes() -> None:
    for name in ("requirements.txt", "requirements-local.txt", "requirements-dev.txt"):
        lock = (ROOT / name).read_text("utf-8")
        pinned = re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE)
        assert pinned
        assert lock.count("--hash=sha256:") >= len(pinned)
        assert "://" not in lock


def test_the_make_targets_that_the_readme_names_exist() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))

    assert set(re.findall(r"`make ([a-z-]+)", readme)) <= targets
    assert {"help", "demo", "demo-broken", "test", "test-long", "check"} <= targets
    assert {"up", "down", "lag", "bench", "schemas"} <= targets


def test_nothing_committed_holds_a_secret_an_id_number_or_a_path_of_a_machine() -> None:
    forbidden = re.compile(
        rb"-----BEGIN [A-Z ]*PRIVATE KEY|/(?:home|root|work)/[a-z]|"
        rb"(?:pypi|pythonhosted|maven|npmjs)\.(?:org|com|apache)"
    )
    found = [
        str(path.relative_to(ROOT))
        for path in committed()
        if path != Path(__file__) and forbidden.search(path.read_bytes())
    ]

    assert found == []


def test_every_class_of_the_contract_says_what_it_means() -> None:
    silent = [
        f"{path.name}: {node.name}"
        for path in sorted((ROOT / "schemas").glob("*.py"))
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef) and not ast.get_docstring(node)
    ]

    assert silent == []


def test_the_application_installs_nothing() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

    assert project["tool"]["setuptools"]["packages"] == []
    assert "dependencies" not in project["project"]
