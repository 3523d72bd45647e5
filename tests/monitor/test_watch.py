"""Readiness: all was asked, and not long ago."""

import asyncio
from datetime import timedelta

import pytest

from services.monitor import watch as watch_module
from services.monitor.report import Report
from services.monitor.watch import Watch

from .made import group, part, report


def watching(*reports: Report) -> Watch:
    left = iter(reports)

    async def ask() -> Report:
        return next(left)

    return Watch(ask, interval=timedelta(seconds=10), cluster_name="prod")


async def test_it_is_not_ready_before_it_has_asked() -> None:
    assert await watching().check() == "nothing has been asked yet"


async def test_it_is_ready_though_somebody_is_behind() -> None:
    watch = watching(report(group("late", part(5))))
    await watch.look()

    assert await watch.check() is None


async def test_it_says_what_could_not_be_asked() -> None:
    watch = watching(report(unanswered=("Kafka cannot be asked", "nor Postgres")))
    await watch.look()

    assert await watch.check() == "Kafka cannot be asked; nor Postgres"


async def test_an_old_answer_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = watching(report(), report())
    await watch.look()
    later = watch.began + 31
    monkeypatch.setattr(watch_module, "monotonic", lambda: later)
    assert await watch.check() == "the last round of questions began 31 s ago"

    await watch.look()

    assert await watch.check() is None


async def test_series_of_a_deleted_group_are_gone_with_the_next_cycle() -> None:
    watch = watching(report(group("gone", part(5))), report())
    await watch.look()
    assert b'group="gone"' in watch.metrics

    await watch.look()

    assert b'group="gone"' not in watch.metrics


async def test_it_asks_again_each_interval() -> None:
    asked = asyncio.Queue[None]()

    async def ask() -> Report:
        asked.put_nowait(None)
        return report()

    watch = Watch(ask, interval=timedelta(milliseconds=1), cluster_name="prod")
    running = asyncio.create_task(watch.run())
    for _ in range(3):
        await asyncio.wait_for(asked.get(), 5)
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
