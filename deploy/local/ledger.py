"""The supervisor's account of what runs: every change is in `stack.json` at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .processes import Process
from .stack import Stack, write_stack

Say = Callable[[str, str], None]


@dataclass
class Ledger:
    """The stack as it is now, and whom to tell: `say(part, sentence)`."""

    stack: Stack
    say: Say

    def write(self, state: Literal["starting", "ready", "down"]) -> None:
        """The stack as a whole came into a state."""
        self.stack = self.stack.model_copy(update={"state": state})
        write_stack(self.stack)

    def took(self, part: str, process: Process) -> None:
        """A part was started."""
        processes = {**self.stack.processes, part: process}
        self.stack = self.stack.model_copy(update={"processes": processes})
        write_stack(self.stack)
