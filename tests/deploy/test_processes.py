"""Processes: ended whole, and never the wrong one."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from deploy.local.folder import CHECKOUT
from deploy.local.processes import (
    end,
    finish,
    look,
    members,
    process_of,
    runs,
    spawn,
)
from deploy.local.waiting import until

WITH_A_CHILD = "import subprocess; subprocess.run(['/bin/sleep', '600'])"
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"
IS_KILLED_WITH_A_CHILD = """
import os, sys, pathlib
from deploy.local.processes import command_of, spawn
from deploy.local.waiting import until
child = spawn(["/bin/sleep", "600"], pathlib.Path(sys.argv[1]), env={}, cwd=".")
until(lambda: command_of(child.pid) == "/bin/sleep 600", 10)
print(child.pid, flush=True)
os.kill(os.getpid(), 9)
"""


def python(text: str, tmp_path: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", text]
    return spawn(command, tmp_path / "log", env=dict(os.environ), cwd=tmp_path)


def test_what_a_process_started_ends_with_it(tmp_path: Path) -> None:
    child = python(WITH_A_CHILD, tmp_path)
    process = process_of(child)
    assert until(lambda: len(members(process)) == 2, 10)

    finish(child)

    assert members(process) == []


def test_what_its_killed_parent_left_is_found_and_ended(tmp_path: Path) -> None:
    child = python(WITH_A_CHILD, tmp_path)
    process = process_of(child)
    assert until(lambda: len(members(process)) == 2, 10)
    child.kill()
    child.wait()

    end(process)

    assert members(process) == []


def test_a_process_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    child = python(DEAF, tmp_path)

    finish(child, patience=0.5)

    assert child.returncode < 0


def test_a_reused_number_is_never_ended(tmp_path: Path) -> None:
    child = python("import time; time.sleep(600)", tmp_path)
    another = replace(process_of(child), started=1)

    end(another)
    spared = runs(process_of(child))
    finish(child)

    assert spared


def test_a_process_ends_with_its_parent_however_that_ends(tmp_path: Path) -> None:
    command = (sys.executable, "-c", IS_KILLED_WITH_A_CHILD, tmp_path / "log")
    parent = subprocess.run(  # noqa: S603 # a script of ours
        command, cwd=CHECKOUT, capture_output=True, check=False
    )
    pid = int(parent.stdout)

    assert until(lambda: ended(pid), 10)


def ended(pid: int) -> bool:
    seen = look(pid)
    return seen is None or seen.state in "ZX"
