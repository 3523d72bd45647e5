"""`lag`: how far behind anyone is, on the terminal or as JSON."""

import argparse
import asyncio
import sys
from collections.abc import Callable

from rich.console import Console

from services.kit.command import Command
from services.kit.log import place_of

from .app import asking
from .report import Report
from .settings import LagSettings
from .table import tables
from .words import EXIT_STATUS

COULD_NOT_ASK = EXIT_STATUS["unknown"]
# where the output is no terminal there is no width to fit
WIDE = 160
Show = Callable[[Report], None]


def run(
    settings: LagSettings,
    *,
    as_json: bool = False,
    every: bool = False,
    watch: bool = False,
) -> int:
    """Ask, and show the answer. Returns the exit status.

    0: nothing is behind. 1: records are unread, rejected, stopped or waiting to be
    sent. 2: not everybody could be asked. With `watch` it asks again each interval,
    until interrupted.
    """
    show = show_json if as_json else on_terminal(every=every, clear=watch)
    try:
        return asyncio.run(ask(settings, show, watch=watch))
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001  # a fault of ours is no "behind"
        word = type(error).__name__
        where = place_of(error)
        sys.stderr.write(f"Could not ask: {word} at {where}; that is a fault of ours\n")
        return COULD_NOT_ASK


async def ask(settings: LagSettings, show: Show, *, watch: bool) -> int:
    sources = settings.sources
    async with asking(sources.kafka_bootstrap, sources.postgres, settings) as ask_all:
        while True:
            report = await ask_all()
            show(report)
            if not watch:
                return EXIT_STATUS[report.verdict]
            await asyncio.sleep(settings.interval.total_seconds())


def show_json(report: Report) -> None:
    """One object on one line."""
    sys.stdout.write(report.model_dump_json() + "\n")
    sys.stdout.flush()


def on_terminal(*, every: bool, clear: bool) -> Show:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDE

    def show(report: Report) -> None:
        if clear:
            console.clear()
        console.print(tables(report, every=every))

    return show


def takes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one object on one line")
    parser.add_argument("--all", action="store_true", help="every partition")
    parser.add_argument("--watch", action="store_true", help="ask again each interval")


COMMAND = Command(
    "lag",
    "how far behind anyone is; 0 nobody, 1 somebody, 2 could not ask",
    takes,
    lambda chosen: run(
        LagSettings(), as_json=chosen.json, every=chosen.all, watch=chosen.watch
    ),
)
