"""The wheel, and an environment that holds it with what it says it needs, no more."""

import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

from deploy.local.folder import CHECKOUT

SCHEMAS = CHECKOUT / "schemas"


def run(*command: str, cwd: Path, env: dict[str, str] | None = None) -> str:
    """What a command writes. Fails with what it wrote when it fails."""
    done = subprocess.run(  # noqa: S603  # our own commands
        command,
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(folder: Path, *, schemas: Path = SCHEMAS) -> Path:
    """The wheel, built without a network, as `make wheel` does."""
    # -I: beside it lies a types.py that is not the standard library's
    command = (sys.executable, "-I", "-m", "hatchling", "build", "-t", "wheel")
    run(*command, "-d", str(folder), cwd=schemas)
    (wheel,) = folder.glob("tidlig_schemas-*.whl")
    return wheel


def environment(folder: Path, wheel: Path) -> Path:
    """The interpreter of a fresh environment with the wheel in it, without a network.

    Of what is installed here it gets only what the wheel needs, by its own word.
    """
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-I", "-m", "pip", "--python", str(python))
    run(*pip, "install", "--no-index", "--no-deps", str(wheel), cwd=folder)
    (site,) = folder.glob("lib/python3*/site-packages")
    for needed in needs_of(requirements(wheel, site)):
        copy(needed, site)
    run(*pip, "check", cwd=folder)
    return python


def requirements(wheel: Path, site: Path) -> list[str]:
    (found,) = Distribution.discover(name=wheel.name.split("-")[0], path=[str(site)])
    return found.requires or []


def needs_of(wanted: list[str]) -> Iterator[Distribution]:
    """What these requirements need, and what that needs."""
    seen: set[str] = set()
    while wanted:
        asked = Requirement(wanted.pop())
        name = asked.name.lower()
        if name in seen or not (
            asked.marker is None or asked.marker.evaluate({"extra": ""})
        ):
            continue
        seen.add(name)
        found = distribution(name)
        wanted += found.requires or []
        yield found


def copy(found: Distribution, site: Path) -> None:
    for path in found.files or ():
        if ".." not in path.parts and "__pycache__" not in path.parts:
            target = site / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path.locate(), target)
