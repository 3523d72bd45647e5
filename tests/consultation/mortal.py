"""`python -m tests.consultation.mortal`: consultations that kill themselves at a step.

Imports everything once; each line `{"step": …, "times": …, "days": …}` begins a process
of its own, which serves as `python -m services.consultation serve` does, with a clock
that stands so many days ahead. What becomes of it is told in a line.
"""

import ctypes
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from signal import SIGKILL
from typing import Any

from fastapi import FastAPI

from services.consultation import app
from services.consultation.__main__ import CONSULTATION
from services.consultation.settings import Settings
from services.kit.command import main
from tests.faults.service import kill_at
from tests.faults.steps import Step

KEPT, ACTING = "services.consultation.store", "services.consultation.acting"
RELAY, MINE = "services.kit.relay", ("consultation",)
STEPS = {
    each.name: each
    for each in (
        Step("fact", MINE, KEPT, "add_fact"),
        Step("state", MINE, KEPT, "save"),
        Step("outbox", MINE, "services.kit.outbox", "append"),
        Step("sealed", MINE, KEPT, "seal"),
        Step("command", MINE, KEPT, "add_command"),
        Step("committed", MINE, ACTING, "once"),
        Step("sent", MINE, "services.kit.producer", "Sender.send"),
        Step("answered", MINE, RELAY, "Relay.take_out", "before"),
        Step(
            "fired",
            MINE,
            "services.consultation.watch",
            "Watch.fire_all",
            "after",
            bool,
        ),
    )
}


def ahead(days: int) -> Callable[[Settings], FastAPI]:
    def build(settings: Settings) -> FastAPI:
        return app.build(settings, lambda: datetime.now(UTC) + timedelta(days=days))

    return build


def serve(wanted: dict[str, Any]) -> int:
    if wanted["step"]:
        kill_at(STEPS[wanted["step"]], wanted["times"])
    service = replace(CONSULTATION, build=ahead(wanted["days"]))
    return main(service, ["serve"])


def end_with_parent() -> None:
    """Linux: whoever began this process takes it along, however it ends."""
    set_parents_death_signal = 1
    ctypes.CDLL(None).prctl(set_parents_death_signal, int(SIGKILL))


def tell(**what: int) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def run() -> None:
    end_with_parent()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            end_with_parent()
            # what the service writes is not what is told here
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os._exit(serve(json.loads(line)))
        tell(pid=child)
        _, status = os.waitpid(child, 0)
        tell(ended=os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    run()
