"""Why an offset that was taken in is in no file of the archive: Kafka is asked.

A record may have been said before, refused, or parked. One that is none of that, and
yet a fact, is lost: a check says so.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.admission import admit
from schemas.fact import Fact, Newer, Refusal
from services.kit.batch import Record, arrived, moment_of, says_the_same
from services.kit.broker import topic_ids
from services.kit.checkpoint import Place
from services.kit.db import Connection
from services.registry import store
from services.registry.telling import Telling

from .layout import (
    LEFT_OUT,
    File,
    Manifest,
    Partition,
    folder_of,
    write_manifest,
    write_whole,
)
from .lines import lines_in

AT_ONCE = 1_000
WAIT_MS = 1_000
PARKED = """
SELECT position FROM parked
 WHERE (group_id, topic, topic_id, partition) = ($1, $2, $3, $4)
"""
SAID_BEFORE, REFUSED, WAITS = "said before", "refused", "parked"
LOST, NEWER, GONE = "lost", "newer", "gone"
# of these a check has nothing to say
EXPLAINED = frozenset({SAID_BEFORE, REFUSED, WAITS})


@dataclass(frozen=True, slots=True)
class Why:
    """Why there is no record in the archive at an offset; `reason` of a refusal."""

    position: int
    why: str
    reason: str = ""

    @property
    def line(self) -> bytes:
        said = {"position": self.position, "why": self.why}
        if self.reason:
            said["reason"] = self.reason
        return orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)


async def explain(
    conn: Connection,
    group: str,
    bootstrap: str,
    folder: Path,
    manifest: Manifest,
    telling: Telling,
) -> None:
    """Write, for every partition, why which offsets are left out.

    The caller holds the snapshot of the export. Raises what Kafka and Postgres raise.
    """
    due = [each for each in manifest.partitions if not is_explained(each)]
    names = sorted({each.topic for each in due})
    ids = await topic_ids(bootstrap, names) if names else {}
    telling.step("asks Kafka why offsets are left out", sum(each.next for each in due))
    done = 0
    async with reader(bootstrap) as consumer:
        for each in due:
            missing = missing_in(folder, each)
            live = ids.get(each.topic) == each.topic_id
            found = await whys(conn, group, consumer if live else None, each, missing)
            path = f"{folder_of(each.place)}/{LEFT_OUT}"
            lines = [why.line for why in found]
            size, digest = write_whole(folder / path, lines)
            each.left_out = File(
                path=path, records=len(found), bytes=size, sha256=digest
            )
            each.explained = (each.next, each.records)
            done += each.next
            telling.done(done)
    write_manifest(folder, manifest)


def is_explained(each: Partition) -> bool:
    return each.left_out is not None and each.explained == (each.next, each.records)


def missing_in(folder: Path, each: Partition) -> set[int]:
    """Offsets below `next` that no file holds."""
    there = bytearray(each.next)
    for file in each.files.values():
        for line in lines_in(folder / file.path):
            if line.position < each.next:
                there[line.position] = 1
    return {position for position, held in enumerate(there) if not held}


async def whys(
    conn: Connection,
    group: str,
    consumer: Any,
    each: Partition,
    missing: set[int],
) -> list[Why]:
    """Why each of these is missing; without a consumer the topic itself is gone."""
    waiting = await conn.fetch(PARKED, group, each.topic, each.topic_id, each.partition)
    found = {row["position"]: Why(row["position"], WAITS) for row in waiting}
    left = missing - found.keys()
    if left and consumer is not None:
        async for records in records_at(consumer, each, left):
            for why in await judged(conn, each.place, records):
                found[why.position] = why
    for position in left - found.keys():
        found[position] = Why(position, GONE)
    return [found[position] for position in sorted(found.keys() & missing)]


async def judged(
    conn: Connection, place: Place, records: Sequence[Record]
) -> list[Why]:
    """Why these records are not in the archive."""
    verdicts = [
        (record, admit(record.value, record.headers, record.topic, record.key))
        for record in records
    ]
    marks = [verdict.mark for _, verdict in verdicts if isinstance(verdict, Fact)]
    known = await store.known(conn, marks)
    return [why_of(record, verdict, place, known) for record, verdict in verdicts]


def why_of(
    record: Record,
    verdict: Fact | Refusal | Newer,
    place: Place,
    known: dict[bytes, bytes],
) -> Why:
    if isinstance(verdict, Refusal):
        return Why(record.offset, REFUSED, verdict.reason)
    if isinstance(verdict, Newer):
        return Why(record.offset, NEWER)
    first = known.get(verdict.mark)
    if first is None:
        return Why(record.offset, LOST)
    if says_the_same(first, arrived(verdict, place, record, moment_of(record))):
        return Why(record.offset, SAID_BEFORE)
    return Why(record.offset, REFUSED, "id_reused")


def reader(bootstrap: str) -> Any:
    """A consumer of no group, that notes nothing in Kafka."""
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id="tidlig-registry-archive",
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
    )


async def records_at(
    consumer: Any, each: Partition, wanted: Collection[int]
) -> AsyncIterator[list[Record]]:
    """Records of a partition that lie at these offsets, as far as Kafka has them."""
    at = TopicPartition(each.topic, each.partition)
    consumer.assign([at])
    first = (await consumer.beginning_offsets([at]))[at]
    last = (await consumer.end_offsets([at]))[at]
    end = min(max(wanted) + 1, last)
    consumer.seek(at, max(min(wanted), first))
    while await consumer.position(at) < end:
        found = await consumer.getmany(at, timeout_ms=WAIT_MS, max_records=AT_ONCE)
        yield [r for r in found.get(at, ()) if r.offset in wanted]
