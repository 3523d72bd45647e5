"""What must hold of the path when a schedule has ended, whatever went wrong in it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import asyncpg
from aiokafka import TopicPartition

from .broker import Record
from .path import Path
from .sayings import BY_VALUE, Saying


async def holds(path: Path) -> None:
    """Raises AssertionError that says what does not."""
    conn = path.database.monitor
    written = await conn.fetch("SELECT * FROM written ORDER BY seq")
    effects = await conn.fetch("SELECT * FROM effect ORDER BY n")
    back = await conn.fetch("SELECT * FROM gone_back")
    assert back == [], f"checkpoints went back: {list(map(tuple, back))}"
    nothing_lost_on_the_way(path, written)
    told_of_each_row(path, written, await conn.fetch("SELECT * FROM published"))
    each_effect_once(path, effects)
    in_their_speakers_order(effects)
    refused_once(path, await conn.fetch("SELECT * FROM refusal"))
    await at_the_end(path)
    await no_text_kept(path)
    if path.world.spared:
        sent = len(path.broker.records())
        assert sent == len(written), f"of {len(written)} rows {sent} were sent"


def nothing_lost_on_the_way(path: Path, written: Sequence[asyncpg.Record]) -> None:
    """Every committed row is on the log, and those of one key in their order."""
    records = path.broker.records()
    for key, rows in by_key(written):
        lies = [r.value for r in records if (r.topic, r.key) == key]
        wanted = firsts(row["value"] for row in rows)
        found = [value for value in firsts(lies) if value in set(wanted)]
        assert found == wanted, f"of {words(wanted)} there lies {words(found)}"


def told_of_each_row(
    path: Path, written: Sequence[asyncpg.Record], published: Sequence[asyncpg.Record]
) -> None:
    """Once, and where it truly stands."""
    values = {row["seq"]: row["value"] for row in written}
    assert sorted(row["seq"] for row in published) == sorted(values), (
        "of a row nobody was told, or twice"
    )
    for row in published:
        at = TopicPartition(row["topic"], row["partition"])
        assert path.broker.logs[at][row["position"]].value == values[row["seq"]], (
            f"row {row['seq']} does not stand where it was said to"
        )


def by_key(
    written: Sequence[asyncpg.Record],
) -> Iterator[tuple[tuple[str, bytes], list[asyncpg.Record]]]:
    found: dict[tuple[str, bytes], list[asyncpg.Record]] = {}
    for row in written:
        found.setdefault((row["topic"], row["key"]), []).append(row)
    yield from found.items()


def firsts(values: Iterable[Any]) -> list[Any]:
    """Each once, where it first stands."""
    return list(dict.fromkeys(values))


def facts_on(path: Path) -> list[tuple[Record, Saying]]:
    """The facts on the log, each where it was said first."""
    found = {}
    for record in path.broker.records():
        fact = BY_VALUE.get(record.value or b"")
        if fact is not None and fact.mark not in found:
            found[fact.mark] = record, fact
    return list(found.values())


def each_effect_once(path: Path, effects: Sequence[asyncpg.Record]) -> None:
    times = Counter(row["mark"] for row in effects)
    twice = [BY_VALUE[r["value"]] for r in effects if times[r["mark"]] > 1]
    assert not twice, (
        f"took effect more than once: {words(s.outgoing.value for s in twice)}"
    )
    lost = [fact for _, fact in facts_on(path) if fact.mark not in times]
    assert not lost, f"never took effect: {words(s.outgoing.value for s in lost)}"


def in_their_speakers_order(effects: Sequence[asyncpg.Record]) -> None:
    """What one organisation says of one initiative takes effect as it was said."""
    found: dict[tuple[str, bytes], list[bytes]] = {}
    for row in effects:
        fact = BY_VALUE[row["value"]]
        found.setdefault((fact.speaker, fact.outgoing.key), []).append(row["value"])
    for values in found.values():
        order = list(BY_VALUE)
        assert values == sorted(values, key=order.index), f"overtaken: {words(values)}"


def refused_once(path: Path, refused: Sequence[asyncpg.Record]) -> None:
    times = Counter(map(tuple, refused))
    assert max(times.values(), default=1) == 1, f"refused more than once: {times}"
    wanted = {
        (path.broker.ids[record.topic], record.partition, record.offset)
        for record in path.broker.records()
        if record.value not in BY_VALUE
    }
    assert wanted <= set(times), f"neither applied nor refused: {wanted - set(times)}"


async def at_the_end(path: Path) -> None:
    rows = await path.database.monitor.fetch("SELECT * FROM checkpoint")
    found = {(r["topic"], r["topic_id"], r["partition"]): r["next"] for r in rows}
    for at, log in path.broker.logs.items():
        reached = found.get((at.topic, path.broker.ids[at.topic], at.partition), 0)
        assert reached == len(log), f"{at} was applied up to {reached} of {len(log)}"


async def no_text_kept(path: Path) -> None:
    """Not even for a moment: an error's text may hold what a fact says."""
    rows = await path.database.monitor.fetch("SELECT DISTINCT tables FROM text_kept")
    kept = [row["tables"] for row in rows]
    assert kept == [], f"an error's text was kept in {kept}"


def words(values: Iterable[Any]) -> list[str]:
    """Facts by speaker, initiative and number."""
    found = [BY_VALUE[value] for value in values]
    return [f"{s.id} of {s.speaker} on {s.outgoing.key.decode()}" for s in found]
