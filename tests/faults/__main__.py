"""`python -m tests.faults run | chaos`: faults in a real stack, by a seed."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import SystemRandom

from deploy.local import jars

from . import mutants, report
from .run import Outcome, Wanted, run, together

# of faults; building the house and asking the invariants take the rest of 45
CHAOS_MINUTES = 30.0
CHAOS_RATE = 250.0
CLUSTER_SECONDS = 180.0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    short = commands.add_parser("run", help="some minutes, or each fault once")
    short.add_argument("--minutes", type=float, help="without it, each fault once")
    short.add_argument("--rate", type=float, default=60.0, help="facts a second")
    short.set_defaults(run=short_run)
    chaos = commands.add_parser("chaos", help="until all is reached: build/chaos.json")
    chaos.add_argument("--minutes", type=float, default=CHAOS_MINUTES, help="at most")
    chaos.add_argument("--rate", type=float, default=CHAOS_RATE, help="facts a second")
    chaos.set_defaults(run=chaos_run)
    for command in (short, chaos):
        command.add_argument("--seed", type=int, help="of an earlier run")
        command.add_argument("--replicas", type=int, default=2, help="of each service")
        command.add_argument("--brokers", type=int, default=1, choices=(1, 3))
        command.add_argument("--folder", type=Path, help="where the logs are kept")
    asked = parser.parse_args(arguments)
    if asked.seed is None:
        asked.seed = SystemRandom().randrange(10**6)
    jars.fetch()
    status: int = asked.run(asked)
    return status


def short_run(asked: argparse.Namespace) -> int:
    wanted = Wanted(
        seed=asked.seed,
        seconds=60 * (asked.minutes or 2),
        rate=asked.rate,
        replicas=asked.replicas,
        brokers=asked.brokers,
        fault_seconds=8.0 if asked.minutes else 3.0,
        short=asked.minutes is None,
    )
    outcome = carried_out(wanted, asked.folder)
    return 1 if outcome.broken else 0


def chaos_run(asked: argparse.Namespace) -> int:
    wanted = Wanted(
        seed=asked.seed,
        seconds=60 * asked.minutes,
        rate=asked.rate,
        replicas=asked.replicas,
        brokers=asked.brokers,
        replayed=10_000,
        least=report.LEAST,
    )
    single = carried_out(wanted, asked.folder)
    say("and with three brokers, of which one at a time is killed")
    cluster = carried_out(of_three_brokers(wanted), None)
    outcome = together(single, cluster)
    say("counting the mistakes on purpose that are caught")
    uncaught, total = mutants.count()
    caught = total - len(uncaught)
    found = report.figures(outcome, (caught, total))
    report.write(found)
    missing = report.short_of(found)
    say(f"mistakes on purpose: {caught} of {total} caught; see {report.RESULT}")
    for each in uncaught:
        say(f"NOT CAUGHT {each}")
    for each in missing:
        say(f"NOT REACHED {each}")
    return 1 if outcome.broken or missing or caught < total else 0


def of_three_brokers(wanted: Wanted) -> Wanted:
    """Each fault once on a cluster."""
    return replace(
        wanted,
        seed=wanted.seed + 1,
        seconds=CLUSTER_SECONDS,
        rate=60.0,
        brokers=3,
        replayed=300,
        short=True,
        least={},
    )


def carried_out(wanted: Wanted, kept: Path | None) -> Outcome:
    """Do it, and tell; the logs stay where something is broken."""
    folder = kept or Path(tempfile.mkdtemp(prefix="tidlig-faults-"))
    say(f"seed {wanted.seed}, logs in {folder}/log")
    outcome = asyncio.run(run(wanted, folder, say))
    for line in report.lines(outcome):
        say(line)
    return outcome


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
