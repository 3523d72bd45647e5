"""What `python -m bench` measures: a name, and what is prepared for its runs."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Protocol

from deploy.local.stack import Stack

from . import arena, feed, floors, intake, parts, project, rebuild, relay, views
from .rounds import Prepared, Run


class InFolder(Protocol):
    """What is prepared in a folder of its own."""

    def __call__(self, folder: Path) -> AbstractContextManager[Run]: ...


class OnStack(Protocol):
    """What is prepared on the stack."""

    def __call__(self, running: Stack) -> AbstractContextManager[Run]: ...


# with servers of their own, which no other measure uses
ALONE: Mapping[str, InFolder] = {
    "project": project.prepared,
    "relay": relay.prepared,
    "views": views.prepared,
    "rebuild": rebuild.prepared,
    "arena": arena.prepared,
}
# on the whole stack, which is started once
STACKED: Mapping[str, OnStack] = {"intake": intake.prepared, "feed": feed.prepared}
NAMES = (*ALONE, *STACKED)


@contextmanager
def measures(wanted: Iterable[str]) -> Iterator[dict[str, Prepared]]:
    """The floors, and what is wanted, in the order in which they take turns."""
    with ExitStack() as stack:

        @cache
        def running() -> Stack:
            return stack.enter_context(parts.stack())

        found: dict[str, Prepared] = {"floors": partial(alone, floors.prepared)}
        for name in wanted:
            if name in ALONE:
                found[name] = partial(alone, ALONE[name])
            else:
                found[name] = partial(STACKED[name], running())
        yield found


@contextmanager
def alone(begin: InFolder) -> Iterator[Run]:
    """In a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(dir=parts.folder()) as name:
        folder = Path(name)
        # as root Postgres runs as another user, who must pass through
        folder.chmod(0o711)
        with begin(folder) as run:
            yield run
