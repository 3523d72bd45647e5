"""Whatever hinders a rebuild, the live views are as they were."""

import asyncio
import sys
from signal import SIGKILL
from typing import Any

import pytest

from deploy.local.folder import CHECKOUT
from services.registry.rebuilding import course, folding, stretches, workforce
from tests.registry.conftest import Desk
from tests.stack import Stack, until

from .views import SPOILED, left_over, rebuilt, tables

KILLED_AT = """
import asyncio, os, signal, sys
from services.registry.rebuilding.course import rebuild
from services.registry import milestones
from services.registry.rebuilding import stretches

milestones.EVERY, stretches.FACTS = 3, 4

class Killer:
    def step(self, what, total=None):
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)
    def done(self, facts):
        pass

killer = Killer()
killer.left = int(sys.argv[2])
asyncio.run(rebuild(sys.argv[1], "registry", killer, processes=1, only_compare=False))
"""
STEPS = 9


async def ended(url: str, step: int) -> int:
    """The status of a rebuild that is killed when this step begins."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED_AT, url, str(step), cwd=CHECKOUT
    )
    return await process.wait()


@pytest.mark.parametrize("step", range(1, STEPS + 1))
async def test_killed_at_any_step_the_live_views_are_untouched(
    told: Desk, stack: Stack, step: int
) -> None:
    right = await tables(told)
    spoil, _ = SPOILED["another's state"]
    await told.pool.execute(spoil)
    before = await tables(told)

    status = await ended(stack.database, step)

    assert status == -SIGKILL
    assert await tables(told) == before

    async def again() -> bool:
        # Postgres takes a moment to see that the other has gone
        try:
            return (await rebuilt(stack.database)).swapped
        except course.Busy:
            return False

    await until(again, what="the claim of the one that was killed")
    assert await tables(told) == right
    assert await left_over(told) == []


async def test_no_step_is_left_out_of_those_at_which_it_is_killed(
    told: Desk, stack: Stack
) -> None:
    spoil, _ = SPOILED["another's state"]
    await told.pool.execute(spoil)

    assert await ended(stack.database, STEPS + 1) == 0


@pytest.mark.usefixtures("told")
async def test_a_process_that_is_killed_leaves_its_stretch_to_the_others(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is killed when it has folded a stretch, and has not written it yet."""
    work = (
        "import os, signal\n"
        "from services.registry.rebuilding import stretches\n"
        "stretches.write = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "import asyncio, sys\n"
        "from services.registry.rebuilding.workforce import work\n"
        "asyncio.run(work(os.environ['DATABASE_URL'], sys.argv[1]))\n"
    )
    monkeypatch.setattr(workforce, "COMMAND", ("-c", work))
    fold_one, finish, statuses = stretches.fold_one, workforce.Workforce.finish, []

    async def wait_first(force: workforce.Workforce) -> None:
        statuses.extend([await each.wait() for each in force.processes])
        await finish(force)

    async def only_afterwards(*given: Any) -> bool:
        return bool(statuses) and await fold_one(*given)

    monkeypatch.setattr(workforce.Workforce, "finish", wait_first)
    monkeypatch.setattr(stretches, "fold_one", only_afterwards)

    found = await rebuilt(stack.database, processes=2)

    assert statuses == [-SIGKILL]
    assert found.same


async def test_an_archive_that_cannot_be_folded_is_told_and_all_stays_as_it_was(
    told: Desk, stack: Stack
) -> None:
    await told.pool.execute(
        "UPDATE archive SET value = '{}' WHERE subject LIKE '%:egen'"
    )
    before = await tables(told)

    with pytest.raises(folding.Unfoldable, match=r"@\d+ about \S+:egen cannot"):
        await rebuilt(stack.database)

    assert await tables(told) == before
    assert await left_over(told) == []
