"""`python -m deploy.local up | status | lag | demo | drill | down | token`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from schemas.identity import is_orgnr
from services.kit.callers import OPERATIONS, PUBLISH, READ

from . import lag, tokens
from .demo import BROKEN, PLAYED, play
from .down import down
from .drill.play import drill
from .folder import make, state_folder
from .stack import read_stack
from .status import status
from .trouble import CannotRun
from .up import up

ARENA = ("tidlig:arena.participate", "tidlig:arena.secretariat")
SCOPES = (PUBLISH, READ, OPERATIONS, *ARENA)


@dataclass(frozen=True, slots=True)
class Command:
    """A command; `run` returns the exit status, `takes` adds its arguments."""

    name: str
    help: str
    run: Callable[[argparse.Namespace], int]
    takes: Callable[[argparse.ArgumentParser], None] = lambda _: None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    chosen = parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = chosen.run
    try:
        return run(chosen)
    except CannotRun as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """The command line, from `COMMANDS`."""
    made = argparse.ArgumentParser(
        prog="python -m deploy.local",
        description="Kafka, Postgres and every service on this machine.",
    )
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        sub = commands.add_parser(command.name, help=command.help)
        command.takes(sub)
        sub.set_defaults(run=command.run)
    return made


def up_takes(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--detach", action="store_true", help="return when all is ready, leave it on"
    )


def run_up(chosen: argparse.Namespace) -> int:
    return up(state_folder(), detach=chosen.detach)


def run_status(_: argparse.Namespace) -> int:
    return 0 if status(state_folder()) else 1


def run_down(_: argparse.Namespace) -> int:
    print("everything has ended" if down(state_folder()) else "nothing was running")
    return 0


def lag_takes(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--json", action="store_true", help="one object on one line")
    sub.add_argument("--all", action="store_true", help="every partition")
    sub.add_argument("--watch", action="store_true", help="ask again each interval")


def run_lag(chosen: argparse.Namespace) -> int:
    stack = read_stack(state_folder())
    return lag.show(stack, as_json=chosen.json, every=chosen.all, watch=chosen.watch)


def demo_takes(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--broken", action="store_true", help="with an intake that loses one fact"
    )


def run_demo(chosen: argparse.Namespace) -> int:
    supervisor = BROKEN if chosen.broken else PLAYED
    return play.demo(state_folder() / "demo", supervisor=supervisor)


def drill_takes(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--broken", action="store_true", help="with a restore that leaves one fact out"
    )
    sub.add_argument(
        "--keep", action="store_true", help="leave its data and logs where it failed"
    )


def run_drill(chosen: argparse.Namespace) -> int:
    return drill(broken=chosen.broken, keep=chosen.keep)


def token_takes(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--orgnr", required=True, help="the organisation that acts")
    sub.add_argument(
        "--scope", required=True, help=f"scopes, parted by spaces: {', '.join(SCOPES)}"
    )
    sub.add_argument("--supplier", help="the organisation that acts for it")
    sub.add_argument(
        "--actor", help="who acts in the joint arena, as <role>:<random id>: no name"
    )
    sub.add_argument(
        "--seconds", type=int, default=3600, help="how long it is valid (3600)"
    )


def run_token(chosen: argparse.Namespace) -> int:
    for orgnr in filter(None, (chosen.orgnr, chosen.supplier)):
        if not is_orgnr(orgnr):
            raise CannotRun(
                f"{orgnr} is no organisation number: nine digits, the last a control"
            )
    actor = None
    if chosen.actor:
        role, _, random_id = chosen.actor.partition(":")
        if not (role and random_id):
            raise CannotRun("give --actor as <role>:<random id>")
        actor = (role, random_id)
    token = tokens.sign(
        make(state_folder()),
        chosen.orgnr,
        chosen.scope,
        supplier=chosen.supplier,
        actor=actor,
        lifetime=timedelta(seconds=chosen.seconds),
    )
    print(token)
    return 0


COMMANDS = (
    Command("up", "start everything and keep it running", run_up, up_takes),
    Command("status", "what runs; 0 if all is ready", run_status),
    Command("lag", "how far behind anyone is; 0 nobody", run_lag, lag_takes),
    Command(
        "demo", "play the whole path, from nothing to nothing", run_demo, demo_takes
    ),
    Command(
        "drill",
        "lose Postgres, then Kafka, and restore older backups, on a stack of its own",
        run_drill,
        drill_takes,
    ),
    Command("down", "end everything; the data stay for the next `up`", run_down),
    Command("token", "a token of the development issuer", run_token, token_takes),
)

if __name__ == "__main__":
    sys.exit(main())
