"""`python -m bench.peers [--quick]`: ours beside others, in turns, on the same servers.

Debezium's JDBC sink with unnest and a trigger, and its outbox router, in Kafka Connect
on our own JRE; the textbook's handler of one message at a time; a loader tuned by hand.
The same records, the same Kafka and Postgres, the same oracle: who leaves another state
counts as 0. Adds its keys to `build/bench.json`. Jars that cannot be had are told of.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from bench import parts, project, relay
from bench.__main__ import ROUNDS, report, tell, warn_if_not_quiet
from bench.cost import until_quiet
from bench.dataset import POISON, Teller
from bench.floors import prepared as floors
from bench.oracle import expected
from bench.project import FACTS, INITIATIVES, Where
from bench.rounds import Prepared, Run, Told, take_turns
from deploy.local import kafka, postgres, topics
from deploy.local.folder import make
from deploy.local.part import started
from deploy.local.ports import any_free
from deploy.local.trouble import CannotRun

from . import clients, router, sink, worker
from .worker import Worker

OF_DEBEZIUM = ("project_ratio_debezium", "relay_drain_ratio_debezium")
Work = Callable[[], Coroutine[Any, Any, Told]]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.peers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="one run of each")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N")
    parser.add_argument("--facts", type=int, default=FACTS, metavar="N")
    asked = parser.parse_args(arguments)
    warn_if_not_quiet()
    with tempfile.TemporaryDirectory(dir=parts.folder()) as name:
        Path(name).chmod(0o711)
        arena = Arena(Path(name), facts=asked.facts)
        with arena.open():
            rounds = 1 if asked.quick else asked.rounds
            done = take_turns(arena.measures(), rounds, tell, until_quiet)
    done.compare("project_ratio_debezium", "peer_project_per_s", "peer_debezium_per_s")
    done.compare("project_ratio_textbook", "peer_project_per_s", "peer_textbook_per_s")
    bounds = ("peer_bound_copy_per_s", "peer_bound_unnest_per_s")
    done.compare("project_share_of_bound", "peer_project_per_s", *bounds)
    drains = ("peer_drain_per_s", "peer_drain_debezium_per_s")
    done.compare("relay_drain_ratio_debezium", *drains)
    return report(done, arena.skipped, keep=asked.facts == FACTS)


@dataclass
class Arena:
    """One Kafka, one Postgres and a Connect worker, for ours and for all peers."""

    folder: Path
    facts: int = FACTS
    rows: int = relay.ROWS
    skipped: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def open(self) -> Iterator[None]:
        share = INITIATIVES / FACTS
        self.lines = list(Teller(self.facts, int(self.facts * share)).lines())
        self.right = expected(self.lines)
        self.numbers = count()
        with ExitStack() as stack:
            self.where = stack.enter_context(logical_servers(self.folder))
            self.runner = stack.enter_context(asyncio.Runner())
            self.runner.run(project.preload(self.where.bootstrap, self.lines))
            self.worker = self.worker_if_there(stack)
            yield

    def worker_if_there(self, stack: ExitStack) -> Worker | None:
        """Kafka Connect with Debezium; without its jars the others go on."""
        place = self.folder / "c"
        try:
            return stack.enter_context(worker.running(place, self.where.bootstrap))
        except CannotRun as error:
            self.skipped |= dict.fromkeys(OF_DEBEZIUM, str(error))
            return None

    def measures(self) -> Mapping[str, Prepared]:
        """Who takes turns. Debezium's JVM is warm: it has had a run that counts not."""
        found: dict[str, Prepared] = {
            "floors": lambda: floors(make_room(self.folder / "floors")),
            "ours": lambda: self.turn(self.ours),
            "loader, copy": lambda: self.turn(self.by_copy),
            "loader, unnest": lambda: self.turn(self.by_unnest),
            "textbook": lambda: self.turn(self.textbook),
            "our relay": lambda: self.turn(self.drain),
        }
        if self.worker is not None:
            warm = self.worker
            found["debezium, sink"] = lambda: self.turn(lambda: self.sink(warm), 1)
            found["debezium, router"] = lambda: self.routed(warm)
        return found

    def turn(self, work: Work, warmed_up: int = 0) -> AbstractContextManager[Run]:
        for _ in range(warmed_up):
            self.runner.run(work())
        return nullcontext(lambda: self.runner.run(work()))

    async def ours(self) -> Told:
        found = await project.one_run(self.where, len(self.lines), self.right)
        return {"peer_project_per_s": found["project_events_per_s"]}

    async def by_copy(self) -> Told:
        found = await clients.loader(self.where, "copy", len(self.lines), self.right)
        return {"peer_bound_copy_per_s": found}

    async def by_unnest(self) -> Told:
        found = await clients.loader(self.where, "unnest", len(self.lines), self.right)
        return {"peer_bound_unnest_per_s": found}

    async def textbook(self) -> Told:
        few = min(clients.TEXTBOOK_FACTS, self.facts // 2)
        number = next(self.numbers)
        found = await clients.textbook(self.where, self.lines, number, few)
        return {"peer_textbook_per_s": found}

    async def drain(self) -> Told:
        name = b"peers-%d" % next(self.numbers)
        url = await relay.fresh_outbox(self.where)
        found = await relay.drain(self.where, url, self.rows, self.values, name)
        return {"peer_drain_per_s": found["relay_drain_per_s"]}

    async def sink(self, warm: Worker) -> Told:
        size, number = len(self.lines), next(self.numbers)
        found = await sink.one_run(self.where, warm, size, self.right, number)
        return {"peer_debezium_per_s": found}

    @contextmanager
    def routed(self, warm: Worker) -> Iterator[Run]:
        conn = self.runner.run(router.prepare(self.where, warm))
        values = [self.values[n % len(self.values)] for n in range(self.rows)]

        async def once() -> Told:
            number = next(self.numbers)
            found = await router.one_run(self.where, conn, warm, values, number)
            return {"peer_drain_debezium_per_s": found}

        self.runner.run(once())
        yield lambda: self.runner.run(once())
        warm.end(router.SLOT)
        self.runner.run(conn.close())

    @property
    def values(self) -> Sequence[bytes]:
        """What lies in an outbox: facts, none of them poison."""
        some = self.lines[:5_000]
        return [line.value for line in some if line.value not in POISON]


@contextmanager
def logical_servers(folder: Path) -> Iterator[Where]:
    """As ours are, and Postgres also writes ahead what Debezium reads."""
    server = postgres.Server(make(folder / "p"), *any_free(1))
    server.prepare()
    with (server.data / "postgresql.conf").open("a") as settings:
        settings.write("wal_level = logical\n")
    with kafka.running(folder / "k") as bootstrap, started(server):
        topics.provision(bootstrap)
        yield Where(bootstrap, server.url, folder)


def make_room(folder: Path) -> Path:
    folder.mkdir(mode=0o711)
    return folder


if __name__ == "__main__":
    sys.exit(main())
