"""The command line of a service: `serve`, `migrate`, parked facts, what it adds."""

import argparse
import asyncio
import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import asyncpg
import stamina
import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from . import broker, log, operations
from .migrations import Changed, migrate
from .operations import Consumes
from .settings import Surroundings

# it counts by an error's type and logs its text by itself; neither is ours
stamina.instrumentation.set_on_retry_hooks([])
PATIENCE = timedelta(seconds=30)
ON_ITS_WAY = (OSError, asyncpg.exceptions.CannotConnectNowError)
WRONG_ADDRESS = (
    asyncpg.exceptions.InvalidAuthorizationSpecificationError,
    asyncpg.exceptions.InvalidCatalogNameError,
)
SLOW = (
    "aiokafka has no compiled record parser here and would be 30 times slower: install "
    "its wheel for this platform, and leave AIOKAFKA_NO_EXTENSIONS unset\n"
)
WHOLE_NAMES = {
    field.validation_alias for field in Surroundings.model_fields.values()
} - {None}


class Settings(Protocol):
    """What every service's settings have."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def surroundings(self) -> Surroundings: ...


S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, slots=True)
class Command:
    """A command that a service adds; `run` returns the exit status."""

    name: str
    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


@dataclass(frozen=True, slots=True)
class Service(Generic[S]):
    """What is needed to run a service."""

    name: str
    summary: str
    settings: Callable[[], S]
    build: Callable[[S], FastAPI]
    migrations: Sequence[Path]
    commands: Sequence[Command] = ()
    # a service that takes in no facts parks none
    consumes: Consumes | None = None


def main(service: Service[S], arguments: Sequence[str] | None = None) -> int:
    """Run one command of the service. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog=f"python -m services.{service.name}", description=service.summary
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (*own(service), *service.commands):
        sub = commands.add_parser(command.name, help=command.help)
        command.arguments(sub)
        sub.set_defaults(run=command.run)
    chosen = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = chosen.run
    try:
        return run(chosen)
    except ValidationError as error:
        sys.stderr.write(missing(error, service.name))
        return 2


def own(service: Service[S]) -> Sequence[Command]:
    return (
        Command("serve", "run until SIGTERM", nothing, lambda _: serve(service)),
        Command(
            "migrate",
            "bring the database up to date",
            nothing,
            lambda _: asyncio.run(bring_up_to_date(service)),
        ),
        *for_parked(service),
    )


def for_parked(service: Service[S]) -> Iterator[Command]:
    """Commands for facts that the service could not apply."""
    consumes = service.consumes
    if consumes is None:
        return
    for each in operations.operations():

        def run(asked: argparse.Namespace, work: operations.Work = each.work) -> int:
            url = service.settings().surroundings.postgres
            return operations.run(url, service.name, consumes, work, asked)

        yield Command(each.name, each.help, each.arguments, run)


def nothing(_: argparse.ArgumentParser) -> None:
    """No arguments."""


def serve(service: Service[S]) -> int:
    settings = service.settings()
    log.set_up(service.name)
    if not broker.reads_records_fast():
        sys.stderr.write(SLOW)
        return 1
    # batches make many objects that live long; look for cycles less often
    gc.set_threshold(100_000, 10, 10)
    config = uvicorn.Config(
        service.build(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    server.run()
    return 0 if server.started else 1


async def bring_up_to_date(service: Service[S]) -> int:
    """Apply the migrations, waiting a while for a Postgres that is on its way."""
    url = service.settings().surroundings.postgres
    try:
        async for attempt in stamina.retry_context(
            on=ON_ITS_WAY, attempts=None, timeout=PATIENCE
        ):
            with attempt:
                done = await migrate(url, service.name, service.migrations)
    except (*ON_ITS_WAY, *WRONG_ADDRESS) as error:
        sys.stderr.write(
            f"Postgres does not let us in ({error}); is DATABASE_URL right?\n"
        )
        return 1
    except Changed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{service.name}: {', '.join(done) or 'up to date'}\n")
    return 0


def missing(error: ValidationError, service: str) -> str:
    """Which settings to mend, by the names of their variables."""
    own = error.title != Surroundings.__name__
    prefix = f"TIDLIG_{service.upper()}_" if own else "TIDLIG_"
    lines = ["Settings are missing or wrong:"]
    for found in error.errors(include_input=False, include_url=False):
        name = "_".join(str(step) for step in found["loc"]).upper()
        # a field with a name of its own is called so, without a prefix
        named = name if name in WHOLE_NAMES else prefix + name
        lines.append(f"  {named}: {found['msg']}")
    return "\n".join(lines) + "\n"
