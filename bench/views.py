"""`view_p95_ms`, `list_p95_ms`, `process_rss_mb`: the registry asked over HTTP.

100,000 initiatives, and one with 10,000 facts in its history; asked as KS.
"""

import asyncio
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from urllib.parse import quote

import asyncpg

from deploy.local import tokens

from .cost import most_memory_mb
from .dataset import MUNICIPAL, SEED, STATE, Line, Teller, record
from .http import Load, load, request
from .parts import within
from .project import PATIENCE, Running, registry_with, servers
from .rounds import Run, Told

INITIATIVES, LONG = 100_000, 10_000
NAV, KS = "889640782", "971032146"
LONGEST = f"{NAV}:lang-historie"
ASKED = 200
MOMENTS = "SELECT DISTINCT appended FROM archive WHERE subject = $1"
LEFT = "SELECT count(*) FROM unfindable"


def lines(initiatives: int = INITIATIVES, long: int = LONG) -> Iterator[Line]:
    """Each initiative registered and shared with the other line; one talked about."""
    teller = Teller(1, 1)
    drawn = random.Random(SEED)
    for n in range(initiatives):
        line, other = (STATE, "municipal") if n % 2 else (MUNICIPAL, "state")
        owner = drawn.choice(line)
        subject = f"{owner}:tiltak-{n}"
        about = teller.description()
        yield record(2 * n, "initiative.registered", owner, subject, about, {})
        share = {"audience": other}
        yield record(2 * n + 1, "initiative.shared", owner, subject, {}, share)
    yield from long_history(teller, 2 * initiatives, long)


def long_history(teller: Teller, begun: int, long: int) -> Iterator[Line]:
    about, share = teller.description(), {"audience": "municipal"}
    yield record(begun, "initiative.registered", NAV, LONGEST, about, {})
    yield record(begun + 1, "initiative.shared", NAV, LONGEST, {}, share)
    for n in range(2, long):
        lock = {"key": f"k{n % 40}", "kind": "contract", "date": "2027-03-01"}
        changes = {"changes": {"summary": teller.text(35)}}
        name, data = (
            ("initiative.lock.recorded", lock)
            if n % 2
            else ("initiative.amended", changes)
        )
        yield record(begun + n, name, NAV, LONGEST, data, {})


@contextmanager
def prepared(
    folder: Path, initiatives: int = INITIATIVES, long: int = LONG
) -> Iterator[Run]:
    """A registry that has taken in all; a run asks it. Raises where it answers not."""
    told = list(lines(initiatives, long))
    with (
        servers(folder) as (bootstrap, url),
        asyncio.Runner() as runner,
        within(runner, registry_with(told, bootstrap, url, folder)) as running,
    ):
        runner.run(until_findable(running.conn))
        yield lambda: runner.run(one_run(running, folder))


async def one_run(running: Running, folder: Path) -> Told:
    token = tokens.sign(folder, KS, "tidlig:initiatives.read")
    headers = {"Authorization": f"Bearer {token}"}
    port = running.port
    latest = await asked(port, [f"/initiatives/{LONGEST}"] * ASKED, headers)
    then = await asked(port, await as_of_paths(running.conn), headers)
    listed = await asked(port, list(list_paths()), headers)
    return {
        "view_p95_ms": latest.percentile_ms(0.95),
        "view_as_of_p95_ms": then.percentile_ms(0.95),
        "list_p95_ms": listed.percentile_ms(0.95),
        "process_rss_mb": most_memory_mb(running.pid),
    }


async def until_findable(
    conn: "asyncpg.Connection[asyncpg.Record]", patience: float = PATIENCE
) -> None:
    """Wait until the background work has caught up. Raises TimeoutError."""
    deadline = monotonic() + patience
    while await conn.fetchval(LEFT):
        if monotonic() > deadline:
            raise TimeoutError("not all is findable")
        await asyncio.sleep(0.2)


async def as_of_paths(conn: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    """The same initiative at moments all over the time in which it came to Kafka."""
    rows = await conn.fetch(MOMENTS, LONGEST)
    drawn = random.Random(SEED)
    moments = (drawn.choice(rows)["appended"] for _ in range(ASKED))
    return [f"/initiatives/{LONGEST}?as_of={quote(m.isoformat())}" for m in moments]


def list_paths() -> Iterator[str]:
    """Filtered pages as people ask for them, each several times."""
    filters = (
        "line=state",
        "phase=idea",
        "line=state&phase=idea",
        "q=sosialhjelp",
        "q=digital%20veileder",
        "owner=" + KS,
        "where=description.municipalities:0301",
        "changed_since=2026-01-05T09:00:00Z",
    )
    for _ in range(ASKED // len(filters)):
        for each in filters:
            yield f"/initiatives?limit=100&{each}"


async def asked(port: int, paths: Sequence[str], headers: dict[str, str]) -> Load:
    """One after another, so that each figure is an answer's own time."""
    found = await load(port, [request("GET", p, headers) for p in paths], 1, 200)
    if found.wrong:
        raise RuntimeError(f"not answered: {found.wrong}")
    return found
