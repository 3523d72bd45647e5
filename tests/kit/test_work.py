"""Work in the background goes on, whatever happens to it, until the service ends."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from services.kit import metrics, work
from services.kit.backoff import seconds_after
from services.kit.work import in_background
from tests.stack import until


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing waits before it is begun again, and nothing is written out."""
    monkeypatch.setattr(work, "LONGEST_PAUSE", 0.0)
    monkeypatch.setattr(work, "gc", SimpleNamespace(collect=list))
    with capture_logs():
        yield


class Failing:
    """Work that ends in one way or another each time it is begun, then goes on."""

    def __init__(self, *endings: BaseException | None) -> None:
        self.endings = list(endings)
        self.begun = 0
        self.ended_well = False

    async def run(self) -> None:
        self.begun += 1
        if self.endings:
            ending = self.endings.pop(0)
            if ending is not None:
                raise ending
            return
        try:
            await asyncio.Event().wait()
        finally:
            self.ended_well = True

    async def goes_on(self) -> None:
        async def going() -> bool:
            return not self.endings

        await until(going, what="the work to go on")


@pytest.mark.usefixtures("at_once")
async def test_work_is_begun_again_however_it_ends() -> None:
    failing = Failing(ValueError(), None, OSError(), KeyError())

    async with in_background(failing=failing.run):
        await failing.goes_on()

    assert failing.begun == 5
    assert failing.ended_well
    assert metrics.RESTARTS.labels("failing")._value.get() == 4


@pytest.mark.usefixtures("at_once")
async def test_work_is_begun_again_when_what_it_waits_for_is_cancelled() -> None:
    failing = Failing(asyncio.CancelledError(), asyncio.CancelledError())

    async with in_background(work=failing.run):
        await failing.goes_on()

    assert failing.begun == 3


@pytest.mark.usefixtures("at_once")
async def test_work_goes_on_after_hours_of_failures() -> None:
    # 2 ** 1_024 is no float
    failing = Failing(*(OSError() for _ in range(1_100)))

    async with in_background(work=failing.run):
        await failing.goes_on()

    assert failing.begun == 1_101


@pytest.mark.usefixtures("at_once")
async def test_a_service_ends_though_its_work_makes_another_error_of_the_end() -> None:
    begun = asyncio.Event()

    async def stubborn() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            # as asyncpg does with a connection that is lost meanwhile
            raise ConnectionResetError

    async with asyncio.timeout(5), in_background(work=stubborn):
        await begun.wait()


@pytest.mark.usefixtures("at_once")
async def test_one_works_failures_do_not_touch_the_other() -> None:
    failing, steady = Failing(*(OSError() for _ in range(50))), Failing()

    async with in_background(failing=failing.run, steady=steady.run):
        await failing.goes_on()

    assert steady.begun == 1
    assert steady.ended_well


def test_pauses_grow_to_their_limit_and_differ_between_replicas() -> None:
    longest = [max(seconds_after(n, 5) for _ in range(200)) for n in range(12)]
    hours_later = {seconds_after(100_000, 5) for _ in range(50)}

    assert all(a < b for a, b in pairwise(longest[:6]))
    assert all(2.5 <= pause <= 5 for pause in hours_later)
    assert len(hours_later) > 40
