"""`intake_*`: POST with token check to a durable 202, every consumer running."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count

import orjson

from deploy.local.stack import Stack
from schemas.envelope import MEDIA_TYPE

from .cost import cpu_of, cpu_under, most_memory_mb
from .http import load, request
from .parts import bearer, port_of
from .rounds import Run, Told

NAV = "889640782"
CONNECTIONS = 16
EVENTS = 4_000


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


@contextmanager
def prepared(running: Stack, events: int = EVENTS) -> Iterator[Run]:
    """Warmed up; a run is one load. Raises where anything is not accepted."""
    numbers = count()
    with asyncio.Runner() as runner:
        runner.run(one_run(running, f"varm-{os.getpid()}", min(events, 500)))
        yield lambda: runner.run(
            one_run(running, f"r{os.getpid()}-{next(numbers)}", events)
        )


async def one_run(running: Stack, name: str, events: int) -> Told:
    asked = posts(running, name, events)
    before = cpu_under_all(running)
    found = await load(port_of(running, "intake"), asked, CONNECTIONS, 202)
    if found.wrong:
        raise RuntimeError(f"not accepted: {found.wrong}")
    await asyncio.sleep(2)  # let the consumers take what the run gave them
    return {
        "intake_accepts_per_s": found.per_second,
        "intake_p95_ms": found.percentile_ms(0.95),
        "intake_cpu_us_per_fact": (cpu_under_all(running) - before) / events * 1e6,
        "process_rss_mb": max(map(most_memory_mb, services_of(running))),
    }


def services_of(running: Stack) -> list[int]:
    """The process of each service, which the launcher has become."""
    return [
        running.processes[name].pid
        for name in running.service_urls
        if name in running.processes
    ]


def cpu_under_all(running: Stack) -> float:
    """CPU seconds of Kafka, Postgres and every service."""
    return cpu_under(running.folder) + sum(map(cpu_of, services_of(running)))
