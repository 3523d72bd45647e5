"""An intake whose database was restored: it knows what it said before it says more."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from schemas import topics
from services.intake import app as putting_together
from services.intake.app import build
from services.intake.settings import Settings
from services.kit.relay import Relay
from services.kit.settings import Surroundings
from tests.schemas.said import example
from tests.stack import Stack, ends_of, running, until

from .conftest import Emitter

# what a backup of intake's tables holds
TABLES = ("receipt", "published", "outbox", "known_to", "checkpoint", "seen")
KNOWN_TO = "INSERT INTO known_to VALUES ($1, $2, $3, $4)"
PARTIES = [topic.name for topic in topics.PARTY_TOPICS.values()]


@asynccontextmanager
async def begun(stack: Stack, around: Surroundings) -> AsyncIterator[Emitter]:
    """An intake on this database; it ends with the block."""
    now = [datetime.now(UTC)]
    app = build(Settings(surroundings=around), clock=lambda: now[0])
    async with running(app) as client:
        yield Emitter(client, stack.issuer, stack, now)


async def back_up(stack: Stack) -> None:
    async with stack.connection("intake") as conn:
        for table in TABLES:
            await conn.execute(f"CREATE TABLE backup_{table} AS TABLE {table}")


async def restore(stack: Stack) -> None:
    async with stack.connection("intake") as conn:
        await conn.execute(f"TRUNCATE {', '.join(TABLES)}")
        for table in TABLES:
            await conn.execute(
                f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE backup_{table}"
            )


def fact(name: str, **change: Any) -> dict[str, Any]:
    return {**example("initiative.registered"), "id": name, **change}


async def emitted(emitter: Emitter, name: str) -> str:
    """Accepted and published; its receipt."""
    answer = await emitter.emit(fact(name))
    assert answer.status_code == 202, answer.text

    async def published() -> bool:
        found = await emitter.get(answer.headers["Location"])
        return bool(found.json()["status"] == "published")

    await until(published, what=f"{name} on Kafka")
    return str(answer.headers["Location"])


async def told(emitter: Emitter) -> dict[str, Any]:
    found: dict[str, Any] = (await emitter.get("/receipts")).json()
    return found


def on_kafka(stack: Stack) -> int:
    return sum(ends_of(stack.bootstrap, PARTIES).values())


async def test_what_was_published_is_taken_back_and_the_rest_is_named_as_a_gap(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    around = await stack.prepare("intake")
    async with begun(stack, around) as intake:
        intake.now[0] -= timedelta(minutes=10)
        first = await emitted(intake, "before")
        await back_up(stack)
        intake.now[0] += timedelta(minutes=5)
        for name in ("after-1", "after-2"):
            await emitted(intake, name)

    async def sends_nothing(_: Relay) -> None:
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr(Relay, "run", sends_nothing)
        async with begun(stack, around) as intake:
            lost = await intake.emit(fact("lost"))
    lay = on_kafka(stack)
    await restore(stack)

    async with begun(stack, around) as intake:
        found = await told(intake)
        known = await intake.emit(fact("after-1"))
        other = await intake.emit(fact("after-2", time="2026-11-01T08:00:00Z"))
        assert (await intake.get(first)).status_code == 200
        still = on_kafka(stack)
        again = await emitted(intake, "lost")

    assert lost.status_code == 202
    assert {each["id"] for each in found["receipts"]} == {
        "before",
        "after-1",
        "after-2",
    }
    assert {each["status"] for each in found["receipts"]} == {"published"}
    assert known.status_code == 202
    assert known.json()["receipts"][0]["accepted_before"]
    assert other.status_code == 409
    assert still == lay
    assert again
    assert on_kafka(stack) == lay + 1
    (gap,) = found["gaps"]
    newest = max(each["accepted"] for each in found["receipts"])
    accepted = lost.json()["receipts"][0]["accepted"]
    assert gap["since"] < newest < accepted
    assert accepted < gap["until"]
    # the whole hour: it does not tell when others last said something
    since = datetime.fromisoformat(gap["since"])
    assert since == since.replace(minute=0, second=0, microsecond=0)
    early = datetime.fromisoformat(newest) - since
    assert timedelta(minutes=1) <= early < timedelta(minutes=61)


async def test_a_database_that_was_lost_is_filled_from_the_topics(stack: Stack) -> None:
    around = await stack.prepare("intake")
    async with stack.connection("intake") as conn:
        known = [tuple(row) for row in await conn.fetch("SELECT * FROM known_to")]
    async with begun(stack, around) as intake:
        await emitted(intake, "kept-by-kafka")
    async with stack.connection("intake") as conn:
        await conn.execute("TRUNCATE receipt, published, outbox, known_to")
        # what other tests wrote before is not this database's
        await conn.executemany(KNOWN_TO, known)

    async with begun(stack, around) as intake:
        found = await told(intake)

    assert "kept-by-kafka" in {each["id"] for each in found["receipts"]}
    assert len(found["gaps"]) == 1


async def test_an_ordinary_start_finds_nothing_and_names_no_gap(stack: Stack) -> None:
    around = await stack.prepare("intake")
    async with begun(stack, around) as intake:
        await emitted(intake, "ordinary")
    # sent, and the relay ended before it had noted so
    async with stack.connection("intake") as conn:
        await conn.execute(
            "INSERT INTO outbox (seq, topic, key, value) OVERRIDING SYSTEM VALUE"
            " SELECT outbox_seq, topic, subject::bytea, record"
            " FROM receipt JOIN published USING (outbox_seq);"
            " UPDATE known_to SET next = position"
            "   FROM published AS p WHERE known_to.partition = p.partition"
            "    AND known_to.topic = p.topic;"
            " DELETE FROM published"
        )
    lay = on_kafka(stack)

    async def nothing(_: Relay) -> None:
        raise OSError

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Relay, "run", nothing)
        async with begun(stack, around) as intake:
            found = await told(intake)
            waiting = await intake.count("outbox")

    assert [each["status"] for each in found["receipts"]] == ["published"]
    assert "gaps" not in found
    assert waiting == 0
    assert on_kafka(stack) == lay


async def test_until_it_knows_what_it_said_it_answers_503_and_is_not_ready(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    around = await stack.prepare("intake")
    away = around.model_copy(update={"kafka_bootstrap": "127.0.0.1:1"})
    monkeypatch.setattr(putting_together, "PATIENCE", timedelta(0))
    async with begun(stack, away) as intake:
        answers = [
            await intake.emit(fact("too-early")),
            await intake.emit(fact("too-early"), params={"dry_run": "true"}),
            await intake.get("/receipts"),
        ]
        ready = (await intake.client.get("/ready")).json()
        kept = await intake.count("receipt")

    assert [answer.status_code for answer in answers] == [503] * 3
    assert all("Retry-After" in answer.headers for answer in answers)
    assert any("before it accepts more" in each for each in ready["waiting_for"])
    assert kept == 0


async def test_with_each_new_postgres_it_looks_again(stack: Stack) -> None:
    around = await stack.prepare("intake")
    async with begun(stack, around) as intake:
        await emitted(intake, "first")
        await back_up(stack)
        await emitted(intake, "second")
        await restore(stack)
        before = await told(intake)
        async with stack.connection("intake") as conn:
            await conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

        async def known_again() -> bool:
            answer: httpx.Response = await intake.get("/receipts")
            return answer.status_code == 200 and len(answer.json()["receipts"]) == 2

        await until(known_again, what="what was said")
        after = await told(intake)

    assert len(before["receipts"]) == 1
    assert len(after["gaps"]) == 1
