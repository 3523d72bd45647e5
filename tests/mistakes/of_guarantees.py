"""Mistakes in what the kit and the sequencer guarantee, whatever goes wrong."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import TopicPartition

from services.delivery import store
from services.delivery.items import Table
from services.delivery.sequencer import Sequencer
from services.delivery.store import LogEnd
from services.kit import broker, checkpoint, parked, search
from services.kit.batch import Arrived, Batch, ByPartition
from services.kit.checkpoint import Checkpoint, Fenced, Place
from services.kit.db import TRANSIENT, Connection, transaction
from services.kit.inbox import Inbox
from services.kit.lease import Lease
from services.kit.producer import Claim
from services.kit.relay import Relay, Waiting
from services.kit.search import Search
from services.kit.taking import Taking

GUARD = " AND c.next = p.was"


async def nothing(*_: Any) -> None:
    """It is not done."""


def commit_before_apply(patch: pytest.MonkeyPatch) -> None:
    """The checkpoint has moved, and then the facts take effect, or do not."""
    keep, move = Taking.keep_first_sayings, checkpoint.move

    async def early(
        taking: Taking, conn: Connection, batch: Batch, held: Mapping[Place, Checkpoint]
    ) -> None:
        await keep(taking, conn, batch, held)
        await move(conn, taking.group, batch.was, batch.now)
        await conn.execute("COMMIT")
        await conn.execute("BEGIN")

    patch.setattr(Taking, "keep_first_sayings", early)
    patch.setattr(checkpoint, "move", nothing)


def a_batch_that_meets_a_conflict_is_dropped(patch: pytest.MonkeyPatch) -> None:
    """Another member, or a lost connection: and the group goes on behind it."""
    apply_batch = Inbox.apply_batch

    async def dropped(
        inbox: Inbox, by_partition: ByPartition, *, searching: bool = False
    ) -> Batch:
        try:
            return await apply_batch(inbox, by_partition, searching=searching)
        except (*TRANSIENT, Fenced):
            async with transaction(inbox.pool) as conn:
                held = await inbox.lock(conn, by_partition)
                batch = await inbox.judge(by_partition, held)
                await checkpoint.move(conn, inbox.group, batch.was, batch.now)
            batch.facts.clear()
            inbox.note(batch, 0)
            return batch

    patch.setattr(Inbox, "apply_batch", dropped)


def a_checkpoint_without_a_guard(patch: pytest.MonkeyPatch) -> None:
    """It is neither locked nor compared."""
    patch.setattr(checkpoint, "LOCK", checkpoint.READ)
    patch.setattr(checkpoint, "MOVE", without(checkpoint.MOVE, GUARD))


def without(sql: str, part: str) -> str:
    assert part in sql, f"{part!r} is not there to be left out"
    return sql.replace(part, "")


def a_member_believes_its_own_position(patch: pytest.MonkeyPatch) -> None:
    """A zombie knows how far it had come, and sets the checkpoint there."""
    judge = Inbox.judge

    async def believed(
        inbox: Inbox, by_partition: ByPartition, held: Mapping[Place, Checkpoint]
    ) -> Batch:
        own = {
            inbox.place_of(at): records[0].offset
            for at, records in by_partition.items()
        }
        mine = {at: replace(held[at], next=offset) for at, offset in own.items()}
        return await judge(inbox, by_partition, mine)

    patch.setattr(Inbox, "judge", believed)
    patch.setattr(checkpoint, "MOVE", without(checkpoint.MOVE, GUARD))


def start_from_kafkas_offset(patch: pytest.MonkeyPatch) -> None:
    """What Kafka has noted decides, and not the checkpoint."""

    async def as_kafka_says(inbox: Inbox, assigned: Collection[TopicPartition]) -> None:
        inbox.forget(assigned)
        inbox.marked.update(assigned)

    patch.setattr(Inbox, "on_partitions_assigned", as_kafka_says)
    patch.setattr(Inbox, "has_gap", lambda *_: False)


def acknowledge_before_commit(patch: pytest.MonkeyPatch) -> None:
    """Kafka is told that a batch was applied before it is; the next begins there."""
    start_from_kafkas_offset(patch)
    apply_all = Inbox.apply_all

    async def told_at_once(inbox: Inbox, by_partition: ByPartition) -> None:
        ends = {at: records[-1].offset + 1 for at, records in by_partition.items()}
        await inbox.consumer.commit(ends)
        await apply_all(inbox, by_partition)

    patch.setattr(Inbox, "apply_all", told_at_once)


def a_row_leaves_the_outbox_before_kafka_has_it(patch: pytest.MonkeyPatch) -> None:
    sendable = Relay.without_unsendable

    async def taken_out(relay: Relay, rows: Sequence[Waiting]) -> list[Waiting]:
        found = await sendable(relay, rows)
        gone = [row.seq for row in found]
        await relay.pool.execute(
            "DELETE FROM outbox WHERE seq = ANY($1::bigint[])", gone
        )
        return found

    patch.setattr(Relay, "without_unsendable", taken_out)


def two_relays(patch: pytest.MonkeyPatch) -> None:
    """Nobody asks who leads."""

    async def always(_: Lease) -> bool:
        return True

    patch.setattr(Lease, "keep", always)


def a_relay_that_never_looks_behind_what_it_has_sent(patch: pytest.MonkeyPatch) -> None:
    """A row whose transaction committed late has a lower number."""
    claim, take_out = Relay.claim, Relay.take_out

    async def onwards(relay: Relay, after: int) -> list[Waiting]:
        return await claim(relay, max(after, vars(relay).get("highest", 0)))

    async def remembers(relay: Relay, sent: Claim) -> None:
        await take_out(relay, sent)
        highest = vars(relay).get("highest", 0)
        seqs = [row.seq for row in sent.published]
        vars(relay)["highest"] = max(highest, *seqs, 0)

    patch.setattr(Relay, "claim", onwards)
    patch.setattr(Relay, "take_out", remembers)


def a_sequencer_that_never_looks_behind(patch: pytest.MonkeyPatch) -> None:
    """A fact that lies before what was taken may be committed after it."""
    last = """f.appended > coalesce((
        SELECT max(x.appended) FROM fact AS x
          JOIN sequenced AS y USING (topic, topic_id, partition)
         WHERE x.position < y.next), '-infinity') AND f.position < k.next"""
    found = store.NEW.replace("f.position < k.next", last)
    assert found != store.NEW
    patch.setattr(store, "NEW", found)


def a_grant_opens_only_what_comes_after_it(patch: pytest.MonkeyPatch) -> None:
    """It and a fact that an earlier step has taken pass each other."""

    async def none(*_: Any) -> list[Any]:
        return []

    patch.setattr(store, "history", none)


def steps_that_decide_before_they_have_the_lock(patch: pytest.MonkeyPatch) -> None:
    """Two replicas decide at once, each without what the other takes."""
    two_relays(patch)
    lock, save = store.lock_sequence, Sequencer.save
    look = without(store.LOCK_SEQUENCE, "FOR UPDATE")

    async def looked_at(conn: Connection) -> LogEnd:
        (row,) = await conn.fetch(look)
        return LogEnd(*row)

    async def locked_late(
        sequencer: Sequencer, conn: Connection, _: LogEnd, found: Table
    ) -> None:
        await save(sequencer, conn, await lock(conn), found)

    patch.setattr(store, "lock_sequence", looked_at)
    patch.setattr(Sequencer, "save", locked_late)


def the_text_of_an_error_is_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(search, "place_of", str)


def a_batch_is_dropped_on_one_bad_header(patch: pytest.MonkeyPatch) -> None:
    """FastStream's own parser reads headers as text."""

    async def as_text(records: Any, original: Any) -> Any:
        return await original(records)

    patch.setattr(broker, "any_headers", as_text)


def a_parked_fact_is_overtaken(patch: pytest.MonkeyPatch) -> None:
    """What its speaker says later does not wait."""

    async def nobody(*_: Any) -> frozenset[parked.Key]:
        return frozenset()

    def all_of_them(_: Search, facts: Sequence[Arrived]) -> list[Arrived]:
        return list(facts)

    patch.setattr(parked, "holding", nobody)
    patch.setattr(Search, "not_held_back", all_of_them)
