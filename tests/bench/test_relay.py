"""`relay_*` on a real Kafka and Postgres, small; and how queries are counted."""

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from bench import relay
from bench.project import Where
from deploy.local.roles import role_of

VALUES = [b"%d" % n * 400 for n in range(50)]


@pytest.fixture
def where(bootstrap: str, admin_url: str, tmp_path: Path) -> Where:
    return Where(bootstrap, admin_url, tmp_path)


@pytest.fixture(autouse=True)
async def _leaves_nothing(admin_url: str) -> "Iterator[None]":  # type: ignore[misc]  # a fixture
    yield
    admin = await asyncpg.connect(admin_url)
    await admin.execute(f"DROP DATABASE IF EXISTS {relay.DATABASE} WITH (FORCE)")
    await admin.execute(f"DROP ROLE IF EXISTS {role_of(relay.SCHEMA)}")
    await admin.close()


async def test_a_rate_and_a_backlog_are_measured_and_nothing_is_lost(
    where: Where,
) -> None:
    url = await relay.fresh_outbox(where)
    sizes = relay.Sizes(seconds=1, rows=500, rest=0)

    rate = await relay.steady(where, url, sizes, VALUES, b"test")
    backlog = await relay.drain(where, url, sizes.rows, VALUES, b"test")

    assert 0 < rate["relay_p50_ms"] <= rate["relay_p99_ms"]
    assert backlog["relay_drain_per_s"] > 0
    assert backlog["relay_wal_bytes_per_fact"] > 400


async def test_a_row_that_does_not_reach_the_topic_spoils_the_run(
    where: Where, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await relay.fresh_outbox(where)
    monkeypatch.setattr("bench.topic.PATIENCE", 2.0)

    async def all_but_one(conn: asyncpg.Connection, records: list) -> None:  # type: ignore[type-arg]
        await fill(conn, records[:-1])

    fill = relay.fill
    monkeypatch.setattr(relay, "fill", all_but_one)

    with pytest.raises(TimeoutError, match="99 of 100 records"):
        await relay.drain(where, url, 100, VALUES, b"lost")


def test_only_queries_are_counted_in_postgres_log(tmp_path: Path) -> None:
    log = tmp_path / "p" / "log" / "postgres.log"
    log.parent.mkdir(parents=True)
    log.write_text(
        "2026-11-25 UTC [7] LOG:  statement: LISTEN relay_outbox\n"
        "2026-11-25 UTC [7] LOG:  execute __asyncpg_stmt_1__: SELECT 1\n"
        "  FROM outbox\n"
        "2026-11-25 UTC [7] DETAIL:  Parameters: $1 = '2000'\n"
        "2026-11-25 UTC [5] LOG:  checkpoint complete\n"
        "2026-11-25 UTC [7] LOG:  execute <unnamed>: SELECT 2\n"
    )

    assert relay.queries_logged(tmp_path) == 3
