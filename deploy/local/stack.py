"""What runs where: `stack.json`, for commands, tests and the demo to read."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from .folder import write_private
from .processes import Process
from .trouble import CannotRun

UP = "make up"


class Stack(BaseModel, frozen=True):
    """A local stack. URLs hold passwords: the file is for its owner only (0600).

    `folder` is also where `tokens.sign` finds the key. `processes` has the parts that
    the supervisor started; Kafka or Postgres is missing there if it was given.
    """

    state: Literal["starting", "ready", "down"] = "starting"
    supervisor: Process
    folder: Path
    bootstrap: str
    admin_url: str
    database_urls: dict[str, str]
    service_urls: dict[str, str]
    issuer: str
    jwks: str
    ports: dict[str, int]
    processes: dict[str, Process] = Field(default_factory=dict)

    @property
    def addresses(self) -> list[tuple[str, str]]:
        """Where everything is, to be shown: without the database's password."""
        return [
            *self.service_urls.items(),
            ("kafka", self.bootstrap),
            ("postgres", self.admin_url.rpartition("@")[2]),
            ("all of it", str(self.folder / "stack.json")),
        ]


def read_stack(folder: Path) -> Stack:
    """The stack of that folder, running or not. Raises `CannotRun`."""
    stack = last_stack(folder)
    if stack is None:
        raise CannotRun(f"no stack in {folder}: start it with `{UP}`")
    return stack


def last_stack(folder: Path) -> Stack | None:
    """The stack that was last started there, if ever one was."""
    try:
        return Stack.model_validate_json((folder / "stack.json").read_bytes())
    except FileNotFoundError:
        return None
    except PermissionError:
        raise CannotRun(
            f"{folder / 'stack.json'} belongs to another user: run this as that user, "
            "or let TIDLIG_LOCAL name a folder of your own"
        ) from None
    except ValidationError:
        raise CannotRun(
            f"{folder / 'stack.json'} is of another version: end what runs, then "
            "remove the file"
        ) from None


def write_stack(stack: Stack) -> None:
    """Replace `stack.json`."""
    write_private(stack.folder / "stack.json", stack.model_dump_json(indent=2) + "\n")
