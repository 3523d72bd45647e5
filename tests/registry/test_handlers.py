"""Facts in: kept byte for byte, folded once, whatever way they are cut and read."""

import asyncio
from base64 import b64decode
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.topics import MUNICIPAL, REJECTED, STATE
from services.kit.db import Connection, transaction
from services.registry import store
from services.registry.handlers import folded, newly_listed
from services.registry.rules import fold, listing_channels
from services.registry.state import from_bytes, to_bytes
from services.registry.store import Kept
from tests.histories import Told, cut, histories, interleaved
from tests.schemas.said import KS, NAV
from tests.stack import until

from .conftest import Desk, Lying, partition_of
from .hand import announced_and_shared, hand

MANY = settings(max_examples=300, deadline=None)
FEW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


WAITING_FOR_A_LOCK = (
    "SELECT FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


async def stored(desk: Desk) -> dict[str, bytes]:
    rows = await desk.fetch("SELECT subject, body FROM initiative")
    return {row["subject"]: row["body"] for row in rows}


async def listed(desk: Desk) -> list[tuple[str, bytes, str]]:
    rows = await desk.fetch("SELECT * FROM listed ORDER BY channel, place, subject")
    return [tuple(row) for row in rows]


# -- the archive ---------------------------------------------------------------------


async def test_the_archive_keeps_the_exact_bytes_with_coordinates_and_times(
    desk: Desk,
) -> None:
    story = announced_and_shared()

    await desk.tell(*story.told)

    rows = await desk.fetch("SELECT * FROM archive ORDER BY topic, position")
    assert [row["value"] for row in rows] == [each.value for each in story.told]
    assert [row["mark"] for row in rows] == [each.fact.mark for each in story.told]
    assert [
        (r["topic"], r["topic_id"], r["partition"], r["position"]) for r in rows
    ] == [
        (each.topic, f"id of {each.topic}", partition_of(each), each.offset)
        for each in story.told
    ]
    assert {row["subject"] for row in rows} == {story.subject}
    assert [row["appended"] for row in rows] == [each.appended for each in story.told]


async def test_append_times_never_go_back_within_a_partition(desk: Desk) -> None:
    story = announced_and_shared()
    story.amended("2026-02-01T09:00:00")
    story.amended("2026-02-02T09:00:00")
    records = desk.lying(story.told)
    late = max(each.timestamp for each in records)
    records[0].timestamp = late + 5_000

    await desk.take(records[:3])
    await desk.take(records[3:])

    rows = await desk.fetch(
        "SELECT appended FROM archive WHERE topic = $1 ORDER BY position", STATE.name
    )
    times = [row["appended"] for row in rows]
    assert times == sorted(times)
    assert times[-1] - story.told[-1].appended == timedelta(seconds=5)


# -- once ----------------------------------------------------------------------------


async def test_an_initiative_is_folded_once_a_batch(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    stories = [announced_and_shared(), hand(NAV, "b"), hand(KS, "c")]
    stories[1].registered("2026-01-05T09:00:00")
    stories[2].registered("2026-01-05T09:00:00")
    saved: list[list[str]] = []
    save = store.save

    async def counting(conn: object, found: Sequence[Kept]) -> None:
        saved.append(sorted(kept.subject for kept in found))
        await save(conn, found)  # type: ignore[arg-type]  # the same connection

    monkeypatch.setattr(store, "save", counting)
    await desk.tell(*(told for story in stories for told in story.told))

    assert saved == [sorted(story.subject for story in stories)]


async def test_what_is_read_again_changes_nothing(desk: Desk) -> None:
    story = announced_and_shared()
    story.locked("2026-09-01")
    records = desk.lying(story.told)
    await desk.take(records)
    before = (await stored(desk), await listed(desk))

    await desk.take(records)
    # and said again by its emitter: the same identity and words, at a new place
    await desk.tell(*story.told)

    assert (await stored(desk), await listed(desk)) == before
    assert len(await desk.fetch("SELECT FROM archive")) == len(story.told)
    assert await desk.fetch("SELECT FROM outbox") == []


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
async def test_two_members_that_fold_one_initiative_undo_nothing_of_each_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, known: bool
) -> None:
    """While a group is rebalanced one may still hold the owner's partition."""
    story = announced_and_shared()
    answer = {"key": "k", "position": "neutral", "text": "svar"}
    story.another_says(KS, "2026-02-01T09:00:00", "response.submitted", answer)
    records = desk.lying(story.told)
    if known:
        await desk.take([records.pop(0)])
    own = [each for each in records if each.topic != MUNICIPAL.name]
    others = [each for each in records if each.topic == MUNICIPAL.name]
    folded_, go_on, save = asyncio.Event(), asyncio.Event(), store.save

    async def held(conn: Connection, found: Iterable[Kept]) -> None:
        """The first to have folded holds still, until the other has had its chance."""
        if not folded_.is_set():
            folded_.set()
            await go_on.wait()
        await save(conn, found)

    monkeypatch.setattr(store, "save", held)
    one = asyncio.create_task(desk.take(own))
    await folded_.wait()
    other = asyncio.create_task(desk.take(others))

    async def had_its_chance() -> bool:
        return other.done() or bool(await desk.fetch(WAITING_FOR_A_LOCK))

    await until(had_its_chance, what="the other member")
    go_on.set()
    await asyncio.gather(one, other)

    whole = fold(story.subject, [(told.fact, told.offset) for told in story.told])
    assert (await stored(desk))[story.subject] == to_bytes(whole)


# -- what nobody can admit -----------------------------------------------------------

BROKEN = b'{"specversion": "1.0", "id": '


def broken(value: bytes | None, offset: int = 0, key: bytes | None = b"k") -> Lying:
    return Lying(STATE.name, 3, offset, 1_767_600_000_000, key, value)


async def rejections(desk: Desk) -> list[tuple[str, bytes, dict[str, object]]]:
    rows = await desk.fetch("SELECT topic, key, value FROM outbox ORDER BY seq")
    return [(row["topic"], row["key"], orjson.loads(row["value"])) for row in rows]


async def test_what_nobody_can_admit_is_rejected_once_and_the_partition_goes_on(
    desk: Desk,
) -> None:
    good = hand()
    good.registered("2026-01-05T09:00:00")
    after = Lying(
        STATE.name, 3, 1, 1_767_600_000_001, good.subject.encode(), good.told[0].value
    )

    await desk.take([broken(BROKEN), after])
    await desk.take([broken(BROKEN), after])

    ((topic, key, told),) = await rejections(desk)
    assert (topic, key) == (REJECTED.name, b"k")
    assert told["reason"] == "not_json"
    assert (told["topic"], told["topic_id"]) == (STATE.name, f"id of {STATE.name}")
    assert (told["partition"], told["offset"]) == (3, 0)
    assert (told["bytes"], told["sha256"]) == (len(BROKEN), sha256(BROKEN).hexdigest())
    assert b64decode(str(told["begins_base64"])) == BROKEN
    assert list(await stored(desk)) == [good.subject]
    assert len(await desk.fetch("SELECT FROM archive")) == 1


@pytest.mark.parametrize("value", [None, b"", b"x" * 70_000])
async def test_a_rejection_holds_the_first_64_kib_and_the_hash_of_all(
    desk: Desk, value: bytes | None
) -> None:
    await desk.take([broken(value, key=None)])

    ((_, key, told),) = await rejections(desk)
    whole = value or b""
    assert key == b""
    assert b64decode(str(told["begins_base64"])) == whole[: 64 * 1024]
    assert told["sha256"] == sha256(whole).hexdigest()
    assert told["bytes"] == len(whole)
    assert told["reason"]


async def test_an_identity_said_before_with_other_words_is_rejected_and_sets_no_mark(
    desk: Desk,
) -> None:
    story = announced_and_shared()
    other = announced_and_shared()
    other.told.clear()
    other.amended("2026-01-06T09:00:00", id=story.told[0].fact.id)
    await desk.tell(*story.told)
    before = await stored(desk)

    await desk.tell(other.told[0])

    ((_, key, told),) = await rejections(desk)
    assert told["reason"] == "id_reused"
    assert key == story.subject.encode()
    assert await stored(desk) == before


async def test_of_the_trackers_own_facts_the_first_stands_whatever_the_second_says(
    desk: Desk,
) -> None:
    story = announced_and_shared()
    later = announced_and_shared()
    later.told[-1:] = []
    later.readable("2026-03-01T09:00:00")
    await desk.tell(*story.told)
    before = await stored(desk)

    again = replace(later.told[-1], topic=story.told[-1].topic)
    assert again.fact.mark == story.told[-1].fact.mark
    await desk.tell(again)

    assert await stored(desk) == before
    assert await rejections(desk) == []


# -- any cut, any order --------------------------------------------------------------


def by_batches(batches: Sequence[Sequence[Told]]) -> tuple[bytes, set[str]]:
    """The body, and the channels of lists, as the handler leaves them."""
    subject = batches[0][0].fact.subject
    body: bytes | None = None
    under: set[str] = set()
    said: list[Told] = []
    for batch in batches:
        said += batch
        before = {} if body is None else {subject: Kept(from_bytes(subject, body))}
        after = folded(before, batch).after  # type: ignore[arg-type]  # what it asks for
        if any(told.fact.named is not None for told in batch):
            # as `fold_again` does from the archive
            again = fold(subject, [(told.fact, told.offset) for told in said])
            after = {subject: Kept(again)}
        under |= newly_listed(before, after)[subject]
        body = to_bytes(after[subject].state)
    assert body is not None
    return body, under


@MANY
@given(st.data())
def test_any_cut_and_any_order_leave_the_same_bytes_and_the_same_lists(
    data: st.DataObject,
) -> None:
    history = data.draw(histories().filter(bool))

    again = cut(data.draw, interleaved(data.draw, history))

    one_by_one = by_batches([[told] for told in history])
    assert by_batches(again) == one_by_one
    whole = fold(history[0].fact.subject, [(t.fact, t.offset) for t in history])
    assert one_by_one[1] == listing_channels(whole)


@FEW
@given(st.data())
async def test_the_tables_hold_what_the_fold_gives_however_it_was_cut(
    desk: Desk, data: st.DataObject
) -> None:
    history = data.draw(histories().filter(bool))
    await desk.empty()

    for batch in cut(data.draw, interleaved(data.draw, history)):
        await desk.tell(*batch)

    state = fold(history[0].fact.subject, [(t.fact, t.offset) for t in history])
    assert await stored(desk) == {state.subject: to_bytes(state)}
    place = store.place_in_lists(state.subject)
    assert await listed(desk) == [
        (channel, place, state.subject) for channel in sorted(listing_channels(state))
    ]


async def test_a_batch_that_fails_leaves_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise ConnectionResetError

    story = announced_and_shared()
    records = [*desk.lying(story.told), broken(BROKEN)]
    with monkeypatch.context() as patched:
        patched.setattr(store, "list_under", fail)
        with pytest.raises(ConnectionResetError):
            await desk.take(records)
    assert await stored(desk) == {}
    assert await desk.fetch("SELECT FROM archive") == []

    await desk.take(records)

    assert list(await stored(desk)) == [story.subject]
    assert len(await rejections(desk)) == 1


async def test_states_of_initiatives_that_were_only_begun_are_none(desk: Desk) -> None:
    async with transaction(desk.pool) as conn:
        assert await store.lock_kept(conn, [f"{NAV}:ny"]) == {}
        assert await store.kept(conn, [f"{NAV}:ny"]) == {}
