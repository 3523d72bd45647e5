"""The first of an identity stands for everybody; marks outlive all that is done."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from schemas import tracker
from schemas.admission import admit
from schemas.fact import Fact, content_hash
from schemas.identity import Ref
from schemas.topics import TRACKER
from services.kit import batch as batches
from services.kit import metrics
from services.kit.batch import Arrived, Batch
from services.kit.checkpoint import Place
from tests.schemas.said import KS, NARVIK, NAV, NOW, stamped

from .conftest import Room
from .facts import again, record, said
from .member import fails_on, nothing
from .parking import later, reading, records, redriven, set_aside
from .test_batches import Log

ROOT = Path(__file__).parents[2]
PLACE = Place("t", "id", 0)


def arrived(value: bytes, topic: str, key: str, offset: int) -> Arrived:
    fact = admit(value, (), topic, key.encode())
    assert isinstance(fact, Fact), fact
    return Arrived(fact, PLACE, offset, NOW, value)


def arrivals(*events: dict[str, object]) -> list[Arrived]:
    found = []
    for offset, event in enumerate(events):
        written = record(event)
        found.append(
            arrived(
                written.value or b"", written.topic.name, str(event["subject"]), offset
            )
        )
    return found


def kept(found: Sequence[Arrived]) -> tuple[list[int], list[int], list[int]]:
    """Offsets of what takes effect, of what is dropped, and of what is refused."""
    batch = Batch(facts=list(found))
    batch.keep_first_sayings({})
    offsets = [[e.offset for e in which] for which in (batch.facts, batch.duplicates)]
    return offsets[0], offsets[1], [e.offset for e in batch.refused]


def test_one_id_of_two_sources_or_two_initiatives_is_two_facts() -> None:
    first = said()
    another_system = again(first, source=f"urn:orgnr:{NAV}:other")
    another = said(id=first["id"])

    assert kept(arrivals(first, another_system, another)) == ([0, 1, 2], [], [])


def test_the_first_takes_effect_the_same_again_does_not_and_other_words_never() -> None:
    first = said()
    other = again(first, time="2026-09-14T08:30:01+02:00")

    assert kept(arrivals(first, first, other, first)) == ([0], [1, 3], [2])
    assert kept(arrivals(other, first)) == ([0], [], [1])


def test_content_is_not_computed_while_no_identity_repeats(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    computed: list[bytes] = []

    def counting(value: bytes) -> bytes:
        computed.append(value)
        return content_hash(value)

    monkeypatch.setattr(batches, "content_hash", counting)
    first = said()

    kept(arrivals(*(said() for _ in range(20)), first))
    before = len(computed)
    kept(arrivals(first, again(first, visibility="own")))

    assert before == 0
    assert len(computed) == 2


def test_of_the_trackers_words_the_identity_alone_counts_and_the_later_is_counted() -> (
    None
):
    subject = f"{NAV}:a"
    fact = (Ref(f"urn:orgnr:{NAV}:x", "1"), "initiative.registered")
    sayings = [
        tracker.readable(subject, "municipal", facts, "A" * 22, NOW)
        for facts in ([fact], [fact, (Ref(f"urn:orgnr:{KS}:x", "2"), fact[1])])
    ]
    found = [
        arrived(value, TRACKER.name, key.decode(), n)
        for n, (key, value) in enumerate(sayings)
    ]

    assert found[0].fact.data != found[1].fact.data
    assert kept(found) == ([0], [1], [])


# -- marks ---------------------------------------------------------------------------

# a fact that is parked, or applied after all, moves from one of these to the other in
# one transaction, its mark with it
MOVES = {
    ("services/delivery/parking.py", "fact"),
    ("services/kit/redrive.py", "parked"),
}
# a migration may forget all of them at once, together with every checkpoint
HEARD_ANEW = {
    ("services/consultation/migrations/0101_words.sql", "known"),
    ("services/consultation/migrations/0101_words.sql", "parked"),
}
MARKED = {
    *("receipt", "seen", "archive", "arena_fact", "known", "fact"),
    *("parked", "set_aside"),
}
TAKEN_OUT = re.compile(
    r"\b(?:DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?|DROP\s+TABLE)\s+(?:ONLY\s+)?"
    r"(?:[a-z_]+\.)?([a-z_]+)",
    re.IGNORECASE,
)


def taken_out(text: str) -> set[str]:
    return {name.lower() for name in TAKEN_OUT.findall(text)} & MARKED


def test_no_service_deletes_a_mark() -> None:
    found = {
        (str(path.relative_to(ROOT)), table)
        for path in (ROOT / "services").rglob("*")
        if path.suffix in (".py", ".sql")
        for table in taken_out(path.read_text("utf-8"))
    }

    assert found == MOVES | HEARD_ANEW


def test_the_tables_that_hold_marks_are_these() -> None:
    text = "\n".join(
        path.read_text("utf-8") for path in (ROOT / "services").rglob("*.sql")
    )
    statements = re.sub(r"--.*", "", text).split(";")
    by_mark = {
        found[1]
        for each in statements
        if re.search(r"\bmark\s+bytea", each)
        and (found := re.search(r"CREATE TABLE (\w+)", each))
    }
    # lines of the log, readers of a receipt, what waits for a step and an owner's words
    # are about facts
    about = {"available", "late", "readable", "said_before", "word"}

    assert by_mark - about == MARKED


def test_a_mark_that_is_deleted_would_be_noticed() -> None:
    for statement in ("DELETE FROM receipt", "truncate only registry.archive"):
        assert taken_out(statement)
    assert not taken_out("DELETE FROM outbox")


async def test_what_was_parked_and_redriven_keeps_its_mark(room: Room) -> None:
    bad = said(partition=2)
    reader, log = reading(room, fails_on(bad["id"])), Log()
    await reader.inbox.handle(log.all(records(bad)))
    reader.then = nothing
    await redriven(reader, bad)
    changed = again(bad, time="2026-09-14T08:30:01+02:00")

    await reader.inbox.handle(log.all(records(bad, changed, later(bad))))

    assert [each == bad["id"] for each in await reader.ids()] == [True, False]
    assert list((await reader.refusals()).values()) == ["id_reused"]
    counted = metrics.DUPLICATES.labels(room.group, "tidlig.state.v1")._value.get()
    assert counted == 1


async def test_what_was_set_aside_keeps_its_mark(room: Room) -> None:
    bad = said(partition=2)
    reader, log = reading(room, fails_on(bad["id"])), Log()
    await reader.inbox.handle(log.all(records(bad)))
    await reader.inbox.handle(log.all([set_aside(bad)]))
    reader.then = nothing
    changed = again(bad, time="2026-09-14T08:30:01+02:00")

    await reader.inbox.handle(log.all(records(bad, changed)))

    assert bad["id"] not in await reader.ids()
    assert list((await reader.refusals()).values()) == ["id_reused"]


def test_each_speaker_has_its_own_topic_so_an_identity_lies_in_one_partition() -> None:
    """The source is part of the identity, and the line of a source never changes."""
    topics = {speaker: record(said(speaker)).topic.name for speaker in (NAV, NARVIK)}

    assert topics == {NAV: "tidlig.state.v1", NARVIK: "tidlig.municipal.v1"}
    event = said(NARVIK)
    elsewhere = admit(stamped(event), (), "tidlig.state.v1", event["subject"].encode())
    assert not isinstance(elsewhere, Fact)
