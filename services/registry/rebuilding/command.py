"""`python -m services.registry rebuild` and `state-hash`."""

import argparse
import asyncio
import os
import sys
from collections.abc import Coroutine
from dataclasses import asdict
from typing import Any

import asyncpg
import orjson

from services.kit.command import Command
from services.kit.db import TRANSIENT, pool_of, snapshot
from services.registry.handlers import GROUP
from services.registry.settings import Settings
from services.registry.telling import telling

from .comparing import Difference
from .course import SCHEMA, Busy, HeldUp, Rebuilt, rebuild
from .folding import Unfoldable
from .hashing import StateHash, state_hash

DONE, NOT_DONE, DIFFERS = 0, 1, 3
PROCESSES = 2
# nobody waits for it: where processors are scarce the live services go first
NICENESS = 10


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Folds the whole archive anew into tables beside the live ones, while the "
        "service takes in facts; compares at equal checkpoints; puts right what "
        "differs, in one transaction. Ends with 0 when the live views are right "
        "(now), with 1 when nothing was done."
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="only compare; change nothing, hold nothing up; 3 where they differ",
    )
    parser.add_argument(
        "--processes",
        type=at_least_one,
        default=PROCESSES,
        help=f"that fold, each about 150 MB ({PROCESSES})",
    )
    as_json(parser)


def as_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one object on one line")


def at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def run_rebuild(chosen: argparse.Namespace) -> int:
    url = Settings().surroundings.postgres
    os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    return saying_what_hinders(rebuild_and_tell(url, chosen))


def run_state_hash(chosen: argparse.Namespace) -> int:
    return saying_what_hinders(tell_hash(Settings().surroundings.postgres, chosen))


def saying_what_hinders(work: Coroutine[Any, Any, int]) -> int:
    """Do it; the exit status. What hinders is said in one sentence."""
    try:
        return asyncio.run(work)
    except (Busy, HeldUp, Unfoldable) as error:
        sys.stderr.write(f"{error}\n")
    except (*TRANSIENT, asyncpg.InterfaceError, asyncpg.PostgresError) as error:
        sys.stderr.write(
            f"Postgres does not do it ({type(error).__name__}): is it there, and "
            "migrated? The views are as they were\n"
        )
    return NOT_DONE


async def rebuild_and_tell(url: str, chosen: argparse.Namespace) -> int:
    with telling() as told:
        found = await rebuild(
            url,
            GROUP,
            told,
            processes=chosen.processes,
            only_compare=chosen.check,
        )
    if chosen.json:
        sys.stdout.write(orjson.dumps(asdict(found)).decode() + "\n")
    else:
        sys.stdout.write(in_words(found))
    return DONE if found.same or found.swapped else DIFFERS


def in_words(found: Rebuilt) -> str:
    """What came of it, for people."""
    rests_on = (
        f"{found.anew.facts:,} facts about {found.anew.initiatives:,} initiatives, "
        f"{found.anew.in_arena:,} in the arena, {found.anew.parked} parked, in "
        f"{found.seconds:.1f} s; the service waited {found.waited:.2f} s"
    )
    lines = [
        rests_on,
        f"state hash {found.anew.hash} made anew",
        f"           {found.live.hash} live, at the same checkpoints",
        *(line_of(each) for each in found.differences),
        ending(found),
    ]
    return "\n".join(lines) + "\n"


def line_of(each: Difference) -> str:
    return (
        f"{each.table}: {each.missing} missing, {each.surplus} too many, "
        f"{each.wrong} wrong, of {', '.join(each.subjects)}"
    )


def ending(found: Rebuilt) -> str:
    if found.swapped:
        return "the live views differed, and are as the archive makes them now"
    if found.same:
        return "the live views are as the archive makes them"
    return "the live views differ; rebuild without --check to put them right"


async def tell_hash(url: str, chosen: argparse.Namespace) -> int:
    async with pool_of(url, SCHEMA, size=1) as pool, snapshot(pool) as conn:
        found = await state_hash(conn, GROUP)
    if chosen.json:
        sys.stdout.write(orjson.dumps(asdict(found)).decode() + "\n")
    else:
        sys.stdout.write(hash_in_words(found))
    return DONE


def hash_in_words(found: StateHash) -> str:
    return (
        f"{found.hash}\n"
        f"{found.facts:,} facts about {found.initiatives:,} initiatives, "
        f"{found.in_arena:,} in the arena, {found.parked} parked, at checkpoints "
        f"{found.checkpoints[:16]}\n"
    )


REBUILD = Command(
    "rebuild",
    "make every view anew from the archive, beside the live ones, and compare",
    arguments,
    run_rebuild,
)
STATE_HASH = Command(
    "state-hash", "a hash of what stands and of what is parked", as_json, run_state_hash
)
