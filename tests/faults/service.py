"""`python -m tests.faults.service registry serve --kill-at inbox.committed`.

The service as it is, in a process that kills itself when it has passed a named step so
many times; with `--knows-rules` as older code, which does not know later rule sets.
"""

import argparse
import importlib
import inspect
import os
import runpy
import sys
from collections.abc import Callable
from functools import wraps
from itertools import count
from signal import SIGKILL
from typing import Any

from . import steps
from .steps import Step


def kill_at(step: Step, times: int) -> None:
    """Let this process be killed at the step, the `times`th time that it is passed."""
    *holder, name = [step.module, *step.function.split(".")]
    owner: Any = importlib.import_module(holder[0])
    for attribute in holder[1:]:
        owner = getattr(owner, attribute)
    passed = count(1)

    def pass_by(found: Any) -> None:
        if step.counts(found) and next(passed) >= times:
            os.kill(os.getpid(), SIGKILL)

    setattr(owner, name, wrapped(getattr(owner, name), step.side, pass_by))


def wrapped(
    function: Callable[..., Any], side: str, pass_by: Callable[[Any], None]
) -> Callable[..., Any]:
    """The function, with `pass_by` called before it or with what it has answered."""
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def awaited(*given: Any, **named: Any) -> Any:
            if side == "before":
                pass_by(given)
            found = await function(*given, **named)
            if side == "after":
                pass_by(found)
            return found

        return awaited

    @wraps(function)
    def called(*given: Any, **named: Any) -> Any:
        if side == "before":
            pass_by(given)
        found = function(*given, **named)
        if side == "after":
            pass_by(found)
        return found

    return called


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("service")
    parser.add_argument("command", nargs="*", default=["serve"])
    parser.add_argument("--kill-at", choices=sorted(steps.BY_NAME))
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--knows-rules", type=int, help="up to that number")
    asked = parser.parse_args()
    if asked.knows_rules is not None:
        rulesets: Any = importlib.import_module("schemas.rulesets")
        rulesets.NEWEST = asked.knows_rules
    if asked.kill_at is not None:
        kill_at(steps.BY_NAME[asked.kill_at], asked.times)
    sys.argv = [f"services.{asked.service}", *asked.command]
    runpy.run_module(f"services.{asked.service}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
