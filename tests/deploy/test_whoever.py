"""Whoever starts it, and wherever: root, an ordinary user, a private folder."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import jars, postgres
from deploy.local.folder import CHECKOUT
from deploy.local.logs import last_lines
from deploy.local.postgres_program import program, unprivileged
from deploy.local.processes import User, spawn

from .test_postgres import ask

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
START_BOTH = """
import os, pathlib, sys
from deploy.local import kafka, postgres
folder = pathlib.Path(sys.argv[1])
with kafka.running(folder) as bootstrap, postgres.running(folder) as url:
    print(os.geteuid(), bootstrap, (folder / "postgres" / "data").stat().st_uid)
"""


@pytest.fixture
def private() -> Iterator[Path]:
    """A folder that nobody but its owner may enter, as `mktemp -d` makes it."""
    folder = Path(tempfile.mkdtemp())
    yield folder
    shutil.rmtree(folder)


@AS_ROOT
def test_as_root_it_works_in_a_private_folder_and_leaves_it_private(
    private: Path,
) -> None:
    with postgres.running(private / "stack") as url:
        found = asyncio.run(ask(url, "SELECT 1"))
        owner = (private / "stack" / "postgres").stat().st_uid

    assert found == 1
    assert owner == unprivileged().pw_uid
    assert private.stat().st_mode & 0o777 == 0o700
    assert private.stat().st_uid == 0


@AS_ROOT
def test_as_root_it_works_where_the_binaries_too_lie_in_a_private_folder(
    private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = program("initdb").parents[2]
    for folder in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(folder, private / folder.name, symlinks=True)
    moved = private / package.name / "pginstall18" / "bin"
    monkeypatch.setattr("deploy.local.postgres.program", lambda name: moved / name)

    with postgres.running(private / "stack") as url:
        assert asyncio.run(ask(url, "SELECT 1")) == 1


@AS_ROOT
def test_as_an_ordinary_user_without_home_or_path_it_works(
    private: Path, tmp_path: Path
) -> None:
    entry = unprivileged()
    os.chown(private, entry.pw_uid, entry.pw_gid)
    # May read what root owns, since the checkout or Python may lie in a private folder.
    user = User(entry.pw_uid, entry.pw_gid, reach=(CHECKOUT, private))
    env = {"HOME": "/nonexistent", "PATH": "/nonexistent"}
    env["TIDLIG_JARS"] = str(jars.folder())
    log = tmp_path / "log"
    command = (sys.executable, "-c", START_BOTH, private)

    child = spawn(command, log, env=env, cwd=CHECKOUT, user=user)

    if child.wait(120) != 0 and "CAP_DAC_READ_SEARCH" in log.read_text():
        pytest.skip("an ordinary user cannot come to this checkout")
    assert child.returncode == 0, last_lines(log)
    assert log.read_text().split()[::2] == [str(entry.pw_uid)] * 2
