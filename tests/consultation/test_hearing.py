"""What the arena hears of initiatives, as their owners and the tracker say it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from schemas.fact import Fact
from schemas.policy import may_read_initiative, reader_for
from services.consultation import handlers, store
from services.consultation.initiatives import Heard, hear
from services.kit.batch import Arrived
from services.kit.checkpoint import Place
from services.kit.db import Pool, pool_of, transaction
from tests.schemas.said import KS, NAV, example, fact
from tests.stack import Stack

SUBJECT = f"{NAV}:k7v2qd9x"
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def after(*facts: Fact) -> Heard:
    heard = Heard(subject=SUBJECT)
    for order, each in enumerate(facts):
        heard = hear(heard, each, order)
    return heard


def may_ks_read(heard: Heard) -> bool:
    return may_read_initiative(SUBJECT, reader_for(KS), heard.grants)


def under_embargo() -> tuple[Fact, Fact]:
    """A share under embargo to KS alone, and its opening."""
    shared = example("initiative.shared", "odd-embargo-to-one-body")
    opened = example("share.opened")
    opened["subject"] = shared["subject"]
    opened["data"]["grant"] = {"source": shared["source"], "id": shared["id"]}
    return fact(shared), fact(opened)


def test_a_share_opens_and_its_end_closes() -> None:
    shared, ended = example("initiative.shared"), example("share.ended")
    ended["data"]["grant"] = {"source": shared["source"], "id": shared["id"]}

    assert may_ks_read(after(fact(shared)))
    assert not may_ks_read(after(fact(shared), fact(ended)))
    assert not may_ks_read(after())


def test_an_embargo_opens_when_the_tracker_says_so_whichever_is_heard_first() -> None:
    shared, opened = under_embargo()

    for order in permutations((shared, opened)):
        grants = after(*order).grants
        assert [each.live for each in grants.values()] == [True]
    assert [each.live for each in after(shared).grants.values()] == [False]
    assert [each.live for each in after(opened).grants.values()] == [False]


def test_locks_are_known_by_their_key_and_none_once_it_is_over() -> None:
    lock = example("initiative.lock.recorded")
    later = {**lock, "data": {**lock["data"], "date": "2027-06-01"}}

    heard = after(fact(lock), fact(later))

    assert [each.isoformat() for each in heard.signal.locks] == ["2027-06-01"]
    over = hear(heard, fact(example("initiative.stopped")), 2)
    assert (over.signal.is_live, over.last_lock) == (False, None)


@pytest.fixture(scope="module")
async def pool(stack: Stack) -> AsyncIterator[Pool]:
    around = await stack.prepare("consultation")
    async with pool_of(around.postgres, "consultation") as found:
        yield found


async def test_facts_of_the_arena_on_the_trackers_topic_are_no_initiative(
    pool: Pool,
) -> None:
    events: list[dict[str, Any]] = [
        example("initiative.shared"),
        example("silence.noted"),
    ]
    arrivals = [
        Arrived(fact(event), Place("t", "i", 0), n, NOW, str(n).encode())
        for n, event in enumerate(events)
    ]

    async with transaction(pool) as conn:
        await handlers.on_facts(conn, arrivals)
        heard = await store.heard(conn, [SUBJECT])
        known = await store.known(conn, [each.fact.mark for each in arrivals])

    assert may_ks_read(heard[SUBJECT])
    assert len(known) == 2
    rows = await pool.fetch("SELECT subject FROM initiative")
    assert [row["subject"] for row in rows] == [SUBJECT]
