"""Makes what has changed findable: work in the background, that lists do not wait for.

What has not been taken yet is always looked at, so that an answer never depends on it.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import orjson
from msgspec.structs import replace

from schemas.identity import owner_of
from schemas.rulesets import NEWEST, ruleset
from services.kit.db import Pool, transaction

from . import finding, store
from .policies import phase_policy
from .rules import everything
from .short_names import signs_of
from .state import to_bytes
from .store import Kept, place_in_lists
from .view import phase
from .words import days_in, words_in

AT_ONCE = 100
AT_REST = timedelta(seconds=2)
# so many at a stretch make plans of before worthless
MANY = 10_000
# an index entry of Postgres takes no more than a mebibyte of words
LONGEST_WORDS = 500_000


async def keep_findable(
    pool: Pool, catching_up: Callable[[], bool] = lambda: False
) -> None:
    """Make findable what has changed, until cancelled. Raises what Postgres raises.

    While the registry catches up it takes little: most of it would change again.
    """
    news = 0
    while True:
        taken = await make_some_findable(pool, AT_ONCE)
        news += taken
        if catching_up():
            await asyncio.sleep(AT_REST.total_seconds())
            continue
        if taken == AT_ONCE:
            continue
        if news >= MANY:
            async with transaction(pool) as conn:
                await finding.learn_how_much(conn)
            news = 0
        await asyncio.sleep(AT_REST.total_seconds())


async def make_some_findable(pool: Pool, limit: int = AT_ONCE) -> int:
    """Take some of what has changed; how many they were."""
    async with transaction(pool) as conn:
        subjects = await finding.take_changed(conn, limit)
        if not subjects:
            return 0
        kept = await store.kept(conn, sorted(subjects))
        said = {each.subject: said_in(each) for each in kept.values()}
        rows = [row_of(each, said[each.subject]) for each in kept.values()]
        await finding.make_findable(conn, rows)
        await finding.keep_days(conn, {s: days_in(all_) for s, all_ in said.items()})
    return len(subjects)


def said_in(kept: Kept) -> object:
    """Everything that is stored of it, whatever it is and whoever said it.

    Not who could read it and who has it: nothing is made findable anew for that.
    """
    state = replace(kept.state, readable={}, received={})
    return orjson.loads(to_bytes(state))


def row_of(kept: Kept, said: object) -> tuple[object, ...]:
    """All that any reader may see of it; lists judge again what one reader sees."""
    owner = owner_of(kept.subject)
    words = " ".join(words_in(said))
    return (
        kept.subject,
        place_in_lists(kept.subject),
        owner,
        ruleset(NEWEST).line_of(owner) or "",
        phase(everything(kept.state), phase_policy()) or "",
        signs_of(kept.subject),
        None if len(words.encode()) > LONGEST_WORDS else words,
    )
