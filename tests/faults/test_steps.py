"""Each named step names a function that there is, and is passed as it says."""

import importlib
import inspect
import os
from signal import SIGKILL
from types import SimpleNamespace
from typing import Any

import pytest

from . import service, steps
from .steps import Step


def function_of(step: Step) -> Any:
    found: Any = importlib.import_module(step.module)
    for name in step.function.split("."):
        found = getattr(found, name)
    return found


@pytest.mark.parametrize("step", steps.ALL, ids=[step.name for step in steps.ALL])
def test_every_step_is_there(step: Step) -> None:
    assert inspect.isfunction(function_of(step))


@pytest.mark.parametrize("side", ["before", "after"])
async def test_a_process_is_killed_at_its_step_and_not_by_idle_passes(
    side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda *what: killed.append(what))
    passed: list[int] = []

    async def work(found: int) -> int:
        # what was done when it was killed
        passed.append(len(killed))
        return found

    module = SimpleNamespace(work=work)
    monkeypatch.setattr(importlib, "import_module", lambda _: module)
    counts = steps.always if side == "before" else bool
    wanted = Step("test", ("registry",), "made.up", "work", side, counts)  # type: ignore[arg-type]
    service.kill_at(wanted, 2)

    assert await module.work(0) == 0
    assert await module.work(1) == 1
    if side == "after":
        assert killed == []
        await module.work(1)

    assert killed == [(os.getpid(), SIGKILL)]
    assert passed[-1] == (1 if side == "before" else 0)
