"""Requests that come at one moment share a transaction; each has its own answer."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import asyncpg
import httpx
import pytest

from services.intake import store
from services.intake import together as module
from services.intake.store import Receipt, add_new
from services.intake.together import Asked, Together
from services.kit.db import Pool, pool_of
from tests.mistakes.named import failing
from tests.schemas.said import example
from tests.stack import until

from .conftest import Emitter, Json

MANY = 60


def said(n: int) -> Json:
    return example("initiative.registered") | {"id": f"samtidig-{n}"}


async def at_once(emitter: Emitter, said: Sequence[Json]) -> list[httpx.Response]:
    return list(await asyncio.gather(*(emitter.emit(each) for each in said)))


async def transactions(emitter: Emitter) -> int:
    """In how many transactions the receipts were kept, by Postgres."""
    async with emitter.stack.connection("intake") as conn:
        found: int = await conn.fetchval(
            "SELECT count(DISTINCT xmin::text) FROM receipt"
        )
    return found


async def on_their_way(emitter: Emitter) -> int:
    """How many are in the outbox or published, looked at in one moment."""
    async with emitter.stack.connection("intake") as conn:
        found: int = await conn.fetchval(
            "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM published)"
        )
    return found


async def test_many_emitters_at_once_share_transactions_and_none_is_lost(
    emitter: Emitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They all have come before the first transactions end."""
    come = Counter[str]()

    async def counted(self: Together, *asked: Any) -> bool:
        come["asked"] += 1
        return await add(self, *asked)

    async def all_have_come() -> bool:
        return come["asked"] == MANY

    add = Together.add_new
    monkeypatch.setattr(Together, "add_new", counted)
    async with emitter.stack.connection("intake") as conn, conn.transaction():
        await conn.execute("LOCK TABLE receipt IN SHARE MODE")
        asked = asyncio.create_task(at_once(emitter, [said(n) for n in range(MANY)]))
        await until(all_have_come, what="all requests")
    answers = await asked

    assert {each.status_code for each in answers} == {202}
    assert len({each.json()["receipts"][0]["id"] for each in answers}) == MANY
    assert await emitter.count("receipt") == MANY
    assert await on_their_way(emitter) == MANY
    assert await transactions(emitter) <= MANY / 3


async def test_one_alone_does_not_wait_for_others(emitter: Emitter) -> None:
    for n in range(5):
        assert (await emitter.emit(said(n))).status_code == 202

    assert await transactions(emitter) == 5


async def test_what_was_accepted_before_gets_its_first_receipt_among_new_ones(
    emitter: Emitter,
) -> None:
    first = (await emitter.emit(said(7))).json()["receipts"][0]
    answers = await at_once(emitter, [said(n) for n in range(MANY)])

    receipts = [each.json()["receipts"][0] for each in answers]
    # the first may have been published meanwhile
    before = first | {"accepted_before": True, "status": receipts[7]["status"]}
    assert receipts[7] == before
    assert [each["accepted_before"] for each in receipts].count(True) == 1
    assert await emitter.count("receipt") == MANY


async def test_the_same_fact_from_many_at_once_is_accepted_once(
    emitter: Emitter,
) -> None:
    answers = await at_once(emitter, [said(n % 3) for n in range(MANY)])

    receipts = [each.json()["receipts"][0] for each in answers]
    assert len({each["id"] for each in receipts}) == 3
    assert [each["accepted_before"] for each in receipts].count(False) == 3
    assert await emitter.count("receipt") == 3


async def test_other_words_under_an_id_are_refused_alone(emitter: Emitter) -> None:
    await emitter.emit(said(0))
    other = said(0)
    other["data"] = other["data"] | {"title": "Noe helt annet"}
    answers = await at_once(emitter, [other, *(said(n) for n in range(1, MANY))])

    assert answers[0].status_code == 409
    assert {each.status_code for each in answers[1:]} == {202}
    assert await emitter.count("receipt") == MANY


async def test_what_postgres_does_not_take_fails_by_itself(
    emitter: Emitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def not_the_fifth(
        pool: Pool, receipts: Sequence[Receipt], *rest: Any
    ) -> bool:
        if any(each.event_id == "samtidig-5" for each in receipts):
            raise asyncpg.DataError("no text of Postgres")
        return await add_new(pool, receipts, *rest)

    monkeypatch.setattr(store, "add_new", not_the_fifth)
    answers = await at_once(emitter, [said(n) for n in range(MANY)])

    statuses = [each.status_code for each in answers]
    assert statuses.pop(5) == 500
    assert set(statuses) == {202}
    assert await emitter.count("receipt") == MANY - 1


@pytest.mark.parametrize("kept", [True, False])
async def test_all_that_shared_a_lost_commit_ask_again_and_are_accepted_once(
    emitter: Emitter, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    """Whether Postgres had committed when the connection broke nobody can tell."""
    lost: list[int] = []

    async def breaks_once(pool: Pool, receipts: Sequence[Receipt], *rest: Any) -> bool:
        if len(receipts) == 1 or lost:
            return await add_new(pool, receipts, *rest)
        lost.append(len(receipts))
        if kept:
            await add_new(pool, receipts, *rest)
        raise ConnectionResetError

    monkeypatch.setattr(store, "add_new", breaks_once)
    events = [said(n) for n in range(MANY)]
    answers = await at_once(emitter, events)
    again = [e for e, a in zip(events, answers, strict=True) if a.status_code == 503]

    assert len(again) == sum(lost) > 1
    answers = await at_once(emitter, again)
    assert {each.status_code for each in answers} == {202}
    before = {each.json()["receipts"][0]["accepted_before"] for each in answers}
    assert before == {kept}
    assert await emitter.count("receipt") == MANY


async def test_whoever_comes_as_a_transaction_ends_is_not_forgotten(
    emitter: Emitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is answered asks again before anybody else runs, as nobody over HTTP does."""
    monkeypatch.setattr(module, "LANES", 1)
    async with pool_of(emitter.stack.database, "intake") as pool:
        together = Together(pool)

        async def asks_again_and_again() -> None:
            for _ in range(20):
                assert await together.add_new([], [])

        done, forgotten = await asyncio.wait(
            [asyncio.create_task(asks_again_and_again()) for _ in range(3)], timeout=20
        )
        for each in forgotten:
            each.cancel()
    assert len(done) == 3


async def test_answering_all_before_it_is_known_that_all_are_new_is_caught(
    emitter: Emitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hasty(self: Together, asked: Sequence[Asked]) -> bool:
        await keep_together(self, asked)
        for each in asked:
            module.answer(each, True)
        return True

    keep_together = Together.keep_together
    monkeypatch.setattr(Together, "keep_together", hasty)
    with failing(test_what_was_accepted_before_gets_its_first_receipt_among_new_ones):
        await test_what_was_accepted_before_gets_its_first_receipt_among_new_ones(
            emitter
        )


async def test_one_transaction_for_all_that_fail_is_caught(
    emitter: Emitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if what hinders one were the fault of those beside it."""

    async def all_or_none(self: Together, asked: Sequence[Asked]) -> bool:
        if not await keep_together(self, asked):
            for each in asked:
                module.answer(each, asyncpg.DataError(""))
        return True

    keep_together = Together.keep_together
    monkeypatch.setattr(Together, "keep_together", all_or_none)
    with failing(test_other_words_under_an_id_are_refused_alone):
        await test_other_words_under_an_id_are_refused_alone(emitter)
