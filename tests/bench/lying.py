"""The data set as it would lie on Kafka, in the shapes in which clients get it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from bench.dataset import Line, Teller
from bench.oracle import expected
from schemas.topics import BY_NAME

BEGAN_MS = 1_767_600_000_000
LINES = list(Teller(1_000, 100).lines())
RIGHT = expected(LINES)


@dataclass(frozen=True)
class Lying:
    """A record as aiokafka gives it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes | None]] = ()


class AsMessage:
    """The same as librdkafka's client gives it."""

    def __init__(self, lying: Lying) -> None:
        self.lying = lying

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.lying, name)
        return lambda: (1, found) if name == "timestamp" else found


def lying(lines: Sequence[Line] = LINES) -> list[Lying]:
    """Each partition in the order of the data set."""
    ends: Counter[tuple[str, int]] = Counter()
    found = []
    for n, line in enumerate(lines):
        partition = crc32(line.key) % BY_NAME[line.topic].partitions
        offset = ends[line.topic, partition]
        ends[line.topic, partition] += 1
        at = BEGAN_MS + n
        found.append(Lying(line.topic, partition, offset, at, line.key, line.value))
    return found
