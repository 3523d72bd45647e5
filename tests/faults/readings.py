"""What each reader may read and sees of each initiative, by the naive fold.

It takes some milliseconds for an initiative, so it is shared out among processes.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from random import sample

from services.registry.rules import project
from services.registry.state import from_bytes
from tests.histories import READERS
from tests.properties.naive import reading, seeing
from tests.properties.naive.said import Said

from .ledger import Identity

CHUNK = 50
# so many are compared whole, drawn anew in each run; who may read what is asked of all
MOST_VIEWS = 2_500
# subject, what was said, and the state to be compared, if it is
Initiative = tuple[str, list[Said], bytes | None]


@dataclass
class Readings:
    """By reader: what it may read now, and what it may ever have been given.

    `differences` has for each initiative that is shown otherwise than it ought to be
    one reader, and which parts differ.
    """

    now: dict[str, set[Identity]] = field(default_factory=dict)
    ever: dict[str, set[Identity]] = field(default_factory=dict)
    differences: dict[str, str] = field(default_factory=dict)

    def add(self, other: "Readings") -> None:
        for reader in READERS:
            self.now.setdefault(reader, set()).update(other.now.get(reader, ()))
            self.ever.setdefault(reader, set()).update(other.ever.get(reader, ()))
        self.differences |= other.differences


def read(
    histories: Mapping[str, list[Said]],
    bodies: Mapping[str, bytes],
    workers: int | None = None,
) -> Readings:
    """Of all initiatives; `workers` 0 does it here."""
    found = Readings()
    chunks = list(in_chunks(histories, bodies))
    if workers == 0 or len(chunks) < 2:
        for chunk in chunks:
            found.add(read_some(chunk))
        return found
    # librdkafka's threads do not survive a fork
    with ProcessPoolExecutor(
        workers or os.cpu_count(), mp_context=get_context("spawn")
    ) as pool:
        for some in pool.map(read_some, chunks):
            found.add(some)
    return found


def in_chunks(
    histories: Mapping[str, list[Said]], bodies: Mapping[str, bytes]
) -> Iterator[list[Initiative]]:
    wanted = set(sample(sorted(histories), min(len(histories), MOST_VIEWS)))
    every = [
        (subject, told, bodies.get(subject, b"") if subject in wanted else None)
        for subject, told in sorted(histories.items())
    ]
    for n in range(0, len(every), CHUNK):
        yield every[n : n + CHUNK]


def read_some(chunk: Sequence[Initiative]) -> Readings:
    found = Readings({r: set() for r in READERS}, {r: set() for r in READERS})
    for subject, history, body in chunk:
        unended = [each for each in history if each.type != "share.ended"]
        for reader in READERS:
            for each in history:
                identity = subject, *each.id
                now = reading.may_read(history, each, reader)
                if now:
                    found.now[reader].add(identity)
                if now or (
                    len(unended) < len(history)
                    and reading.may_read(unended, each, reader)
                ):
                    found.ever[reader].add(identity)
        differs = None if body is None else difference(subject, history, body)
        if differs is not None:
            found.differences[subject] = differs
    return found


def difference(subject: str, history: list[Said], body: bytes) -> str | None:
    """How the stored state differs from the naive fold, for the first reader."""
    if not body:
        return "there is no state"
    state = from_bytes(subject, body)
    for name, reader in READERS.items():
        seen = seeing.by_the_registry(project(state, reader))
        expected = seeing.by_the_oracle(history, name)
        differs = [part for part in seen if seen[part] != expected[part]]
        if differs:
            return f"as {name} sees it, {', '.join(differs)} differ"
    return None
