"""What must hold of the availability log when a schedule has ended."""

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import asyncpg

from schemas.admission import admit
from schemas.channels import organisation
from schemas.fact import Fact
from schemas.policy import may_read
from schemas.tracker import InitiativeReadable
from tests.delivery.log import Log, logged
from tests.histories import READERS, Told, named_in

from .availability import Availability

LINES = """
SELECT a.*, f.source, f.fact_id, f.said_by, f.speaker
  FROM available AS a LEFT JOIN fact AS f USING (mark) ORDER BY position
"""


async def holds(scenario: Availability) -> None:
    """Raises AssertionError that says what does not."""
    conn = scenario.database.monitor
    said = facts_on(scenario)
    lines = await conn.fetch(LINES)
    stored = {row["mark"] for row in await conn.fetch("SELECT mark FROM fact")}
    assert stored == {told.fact.mark for told in said}, "not every fact is stored"
    without_a_gap(lines, await conn.fetchval("SELECT position FROM sequence"))
    as_the_policy_opens(said, lines)
    too_much = said_to_be_readable(said, lines)
    if "restored" not in scenario.world.wrongs:
        assert not too_much, f"readable was said too often: {too_much}"
    back = await conn.fetch("SELECT * FROM gone_back")
    assert back == [], f"checkpoints went back: {list(map(tuple, back))}"


def facts_on(scenario: Availability) -> list[Told]:
    """Each fact where it was said first, in the order of what the brokers say."""
    found: dict[bytes, Told] = {}
    for record in scenario.broker.records():
        fact = admit(record.value, record.headers, record.topic, record.key)
        if isinstance(fact, Fact) and fact.mark not in found:
            appended = datetime.fromtimestamp(record.timestamp / 1000, UTC)
            told = Told(
                fact, record.topic, record.offset, appended, record.value or b""
            )
            found[fact.mark] = told
    return list(found.values())


def without_a_gap(lines: list[asyncpg.Record], end: int) -> None:
    assert [row["position"] for row in lines] == list(range(1, end + 1)), "a gap"
    standing = Counter(
        (row["channel"], row["mark"]) for row in lines if row["void_step"] is None
    )
    assert max(standing.values(), default=1) == 1, "a line stands twice"
    for before, after in pairwise(lines):
        assert before["step"] <= after["step"], "a step goes back"
        assert before["at"] <= after["at"], "the time of readable goes back"


def as_the_policy_opens(said: list[Told], lines: list[asyncpg.Record]) -> None:
    """What is open to each reader is what it may read, and to each channel what a
    single step over everything opens.
    """
    standing = {(r["channel"], r["mark"]) for r in lines if r["void_step"] is None}
    log: Log = logged([said])
    grants = {ref: share.grant for ref, share in log.initiative.shares.items()}
    named = named_in(said)
    for name, reader in READERS.items():
        given = {mark for channel, mark in standing if channel in reader.channels}
        may = {
            told.fact.mark
            for told in said
            if may_read(told.fact, reader, grants, named(told.fact))
        }
        assert given == may, (
            f"{name} is given {words(said, given - may)} too much "
            f"and {words(said, may - given)} too little"
        )
    assert standing == log.standing, "other channels than the policy opens"


def said_to_be_readable(
    said: list[Told], lines: list[asyncpg.Record]
) -> Counter[tuple[str, str, str]]:
    """Of each line that is not the tracker's, nor its own speaker's; what is too much.

    Where a database was restored, that may be words about lines that it lost.
    """
    wanted = Counter(
        (row["channel"], row["source"], row["fact_id"])
        for row in lines
        if row["said_by"] != "tracker"
        and row["channel"] != organisation(row["speaker"])
    )
    found = Counter(
        (told.fact.data.channel, ref.source, ref.id)
        for told in said
        if isinstance(told.fact.data, InitiativeReadable)
        for ref in told.fact.data.facts
    )
    assert wanted <= found, f"readable was not said of {wanted - found}"
    return found - wanted


def words(said: list[Told], marks: set[bytes]) -> list[str]:
    return [
        f"{told.fact.type.name} {told.fact.id}"
        for told in said
        if told.fact.mark in marks
    ]
