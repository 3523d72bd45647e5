"""`intake_*`: POST with token check to a durable 202, every consumer running."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from deploy.local.stack import Stack
from schemas.envelope import MEDIA_TYPE

from .floors import bare_posts, commits_per_s
from .http import Load, load, request
from .parts import bearer, port_of

NAV = "889640782"
CONNECTIONS = 16
EVENTS = 4_000
ROUNDS = 3
FREE_PORT = 8199


@dataclass(frozen=True, slots=True)
class Intake:
    """Accepted a second and the 95th percentile, beside what the machine can do."""

    accepts_per_s: float
    p95_ms: float
    bare_posts_per_s: float
    commits_per_s: float
    rounds: tuple[float, ...]


def event(n: int, run: str) -> bytes:
    """A registration of the usual size, each of an initiative of its own."""
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": f"{run}-{n}",
            "source": f"urn:orgnr:{NAV}:bench",
            "type": "no.tidlig.initiative.registered.v1",
            "subject": f"{NAV}:{run}-{n}",
            "time": datetime.now(UTC).isoformat(),
            "data": {
                "title": "Felles digital søknad om økonomisk sosialhjelp",
                "problem": "Søkeren må oppgi de samme opplysningene to ganger.",
                "contact_role": "Felles postkasse for tiltaket",
                "summary": "Vi vil hente opplysninger som Nav allerede har. " * 5,
                "municipalities": ["0301", "4601", "1806"],
                "synthetic": True,
            },
        }
    )


def posts(running: Stack, run: str, number: int) -> list[bytes]:
    headers = {**bearer(running, NAV), "Content-Type": MEDIA_TYPE}
    return [request("POST", "/events", headers, event(n, run)) for n in range(number)]


async def measure(running: Stack) -> Intake:
    """The median of some rounds after a warm-up. Raises where any is not accepted."""
    port = port_of(running, "intake")
    await load(port, posts(running, "varm", 500), CONNECTIONS, 202)
    rounds: list[Load] = []
    for n in range(ROUNDS):
        found = await load(port, posts(running, f"r{n}", EVENTS), CONNECTIONS, 202)
        if found.wrong:
            raise RuntimeError(f"not accepted: {found.wrong}")
        rounds.append(found)
        await asyncio.sleep(2)  # let the consumers take what the round gave them
    middle = sorted(rounds, key=lambda load: load.per_second)[ROUNDS // 2]
    bare = await bare_posts(FREE_PORT, event(0, "bar"), CONNECTIONS, 10_000)
    commits = await commits_per_s(running.admin_url, CONNECTIONS, 4_000)
    return Intake(
        middle.per_second,
        middle.percentile_ms(0.95),
        bare.per_second,
        commits,
        tuple(found.per_second for found in rounds),
    )
