"""`view_p95_ms`, `list_p95_ms`, `process_rss_mb`: the registry asked over HTTP.

100,000 initiatives, and one with 10,000 facts in its history; asked as KS.
"""

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from urllib.parse import quote

import asyncpg

from deploy.local import tokens

from .dataset import MUNICIPAL, SEED, STATE, Line, Teller, record
from .http import Load, load, request
from .project import PATIENCE, PORT, registry_with, servers

INITIATIVES, LONG = 100_000, 10_000
NAV, KS = "889640782", "971032146"
LONGEST = f"{NAV}:lang-historie"
ASKED = 200
MOMENTS = "SELECT DISTINCT appended FROM archive WHERE subject = $1"
LEFT = "SELECT count(*) FROM unfindable"


@dataclass(frozen=True, slots=True)
class Views:
    """95th percentiles in milliseconds, and the most memory the registry took."""

    view_p95_ms: float
    as_of_p95_ms: float
    list_p95_ms: float
    rss_mb: float
    initiatives: int
    history: int


def lines() -> Iterator[Line]:
    """Each initiative registered and shared with the other line; one talked about."""
    teller = Teller(1, 1)
    drawn = random.Random(SEED)
    for n in range(INITIATIVES):
        line, other = (STATE, "municipal") if n % 2 else (MUNICIPAL, "state")
        owner = drawn.choice(line)
        subject = f"{owner}:tiltak-{n}"
        about = teller.description()
        yield record(2 * n, "initiative.registered", owner, subject, about, {})
        share = {"audience": other}
        yield record(2 * n + 1, "initiative.shared", owner, subject, {}, share)
    yield from long_history(teller, 2 * INITIATIVES)


def long_history(teller: Teller, begun: int) -> Iterator[Line]:
    about, share = teller.description(), {"audience": "municipal"}
    yield record(begun, "initiative.registered", NAV, LONGEST, about, {})
    yield record(begun + 1, "initiative.shared", NAV, LONGEST, {}, share)
    for n in range(2, LONG):
        lock = {"key": f"k{n % 40}", "kind": "contract", "date": "2027-03-01"}
        changes = {"changes": {"summary": teller.text(35)}}
        name, data = (
            ("initiative.lock.recorded", lock)
            if n % 2
            else ("initiative.amended", changes)
        )
        yield record(begun + n, name, NAV, LONGEST, data, {})


def measure(folder: Path) -> Views:
    """Raises where the registry does not take in all, or answers other than 200."""
    told = list(lines())
    with servers(folder) as (bootstrap, url):
        return asyncio.run(measure_on(bootstrap, url, folder, told))


async def measure_on(
    bootstrap: str, admin_url: str, folder: Path, told: Sequence[Line]
) -> Views:
    async with registry_with(told, bootstrap, admin_url, folder) as running:
        await until_findable(running.conn)
        token = tokens.sign(folder, KS, "tidlig:initiatives.read")
        headers = {"Authorization": f"Bearer {token}"}
        latest = await asked([f"/initiatives/{LONGEST}"] * ASKED, headers)
        then = await asked(await as_of_paths(running.conn), headers)
        listed = await asked(list(list_paths()), headers)
        rss = most_memory_mb(running.pid)
    return Views(
        latest.percentile_ms(0.95),
        then.percentile_ms(0.95),
        listed.percentile_ms(0.95),
        rss,
        INITIATIVES,
        LONG,
    )


async def until_findable(conn: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Wait until the background work has caught up."""
    deadline = monotonic() + PATIENCE
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


async def asked(paths: Sequence[str], headers: dict[str, str]) -> Load:
    """One after another, so that each figure is an answer's own time."""
    found = await load(PORT, [request("GET", p, headers) for p in paths], 1, 200)
    if found.wrong:
        raise RuntimeError(f"not answered: {found.wrong}")
    return found


def most_memory_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise ValueError("the kernel does not tell")
