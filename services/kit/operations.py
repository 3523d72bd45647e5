"""Commands for parked facts: see them, redrive them, set one aside, reinstate it."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from schemas.identity import Ref, owner_of

from . import redrive, set_aside
from .batch import Arrived
from .db import TRANSIENT, Connection, Pool, pool_of
from .parked import Inadmissible, Key
from .set_aside import Impossible, Named
from .taking import Apply, take

SHOW = """
SELECT p.subject, p.speaker, p.source, p.fact_id, p.type, p.since, p.aside,
       p.error_class, p.place, p.topic, p.partition, p.position,
       count(*) FILTER (WHERE p.error_class IS NULL)
           OVER (PARTITION BY p.subject, p.speaker) AS behind
  FROM standing AS p
 WHERE p.group_id = $1
 ORDER BY p.n
"""
REASON = "why; kept with what is done, so no personal data"


@dataclass(frozen=True, slots=True)
class Consumes:
    """How a service takes facts in; the group has the service's own name."""

    group: str
    apply: Apply


# with a pool, what was asked for: the exit status
Work = Callable[[Pool, Consumes, argparse.Namespace], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Operation:
    """A command of every service that takes facts in."""

    name: str
    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    work: Work


def operations() -> Sequence[Operation]:
    """All of them."""
    return (
        Operation("parked", "list facts not applied", no_arguments, show),
        Operation("redrive", "apply parked facts in order", redrive_arguments, drive),
        Operation(
            "setaside",
            "say for all services that a parked fact can never be applied",
            fact_arguments,
            partial(say, aside=True),
        ),
        Operation(
            "reinstate",
            "take back that a fact was set aside, and try it again",
            fact_arguments,
            partial(say, aside=False),
        ),
    )


def run(
    url: str, schema: str, consumes: Consumes, work: Work, asked: argparse.Namespace
) -> int:
    """Do it. Returns the exit status: 0 done, 1 not done, 2 asked wrongly."""
    try:
        return asyncio.run(with_pool(url, schema, consumes, work, asked))
    except (Impossible, Inadmissible) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except TRANSIENT as error:
        name = type(error).__name__
        sys.stderr.write(f"Postgres does not answer ({name}); nothing was done\n")
        return 1


async def with_pool(
    url: str, schema: str, consumes: Consumes, work: Work, asked: argparse.Namespace
) -> int:
    async with pool_of(url, schema, size=2) as pool:
        return await work(pool, consumes, asked)


def no_arguments(_: argparse.ArgumentParser) -> None:
    """It shows all."""


def redrive_arguments(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("initiative", nargs="?", help="<orgnr>:<local>")
    which.add_argument("--all", action="store_true", help="every initiative")
    parser.add_argument("--speaker", help="orgnr; without it, the initiative's owner")
    parser.add_argument("--reason", required=True, help=REASON)


def fact_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("initiative", help="<orgnr>:<local>")
    parser.add_argument("--source", required=True, help="of the fact, as `parked` says")
    parser.add_argument("--id", required=True, help="of the fact, as `parked` says")
    parser.add_argument("--reason", required=True, help=REASON)


async def show(pool: Pool, consumes: Consumes, _: argparse.Namespace) -> int:
    """Each fact that makes the code fail, and how many wait behind it."""
    rows = await pool.fetch(SHOW, consumes.group)
    for row in rows:
        if row["error_class"] is None:
            continue
        aside = ", set aside" if row["aside"] else ""
        sys.stdout.write(
            f"{row['subject']}  {row['source']}  {row['fact_id']}  {row['type']}\n"
            f"    since {row['since']:%Y-%m-%d %H:%M:%S %Z}: {row['error_class']}"
            f" at {row['place']}{aside}\n"
            f"    {row['topic']}/{row['partition']}@{row['position']}, "
            f"{row['behind']} waiting behind it\n"
        )
    sys.stdout.write(f"{consumes.group}: {len(rows)} parked\n")
    return 0


async def drive(pool: Pool, consumes: Consumes, asked: argparse.Namespace) -> int:
    """Apply what is parked; 1 where some of it still cannot be."""
    set_aside.checked(asked.reason)
    group = consumes.group

    async def apply(conn: Connection, facts: Sequence[Arrived]) -> None:
        await take(conn, group, consumes.apply, facts)

    still_waiting = 0
    for key in await wanted(pool, group, asked):
        done = await redrive.redrive(pool, group, apply, key, asked.reason)
        still_waiting += done.waiting
        why = f"; {done.cause.error_class} at {done.cause.place}" if done.cause else ""
        sys.stdout.write(
            f"{key[1]}  {key[0]}: {done.applied} applied, {done.waiting} wait{why}\n"
        )
    return 1 if still_waiting else 0


async def wanted(pool: Pool, group: str, asked: argparse.Namespace) -> Sequence[Key]:
    if asked.all:
        return await redrive.keys(pool, group)
    speaker = asked.speaker or owner_of(asked.initiative)
    return [(speaker, asked.initiative)]


async def say(
    pool: Pool, consumes: Consumes, asked: argparse.Namespace, *, aside: bool
) -> int:
    named = Named(asked.initiative, Ref(asked.source, asked.id))
    said = await set_aside.say(pool, consumes.group, named, asked.reason, aside=aside)
    sys.stdout.write(
        "said; it takes effect when each service reads it\n"
        if said
        else "that was said before\n"
    )
    return 0
