"""`lag`: the monitor's own command, with the addresses of a local stack."""

import asyncio

from pydantic import SecretStr

from services.monitor import lag
from services.monitor.settings import LagSettings, Sources

from .lock import holder
from .stack import Stack
from .trouble import CannotRun

CAUGHT_UP = 0


def settings_of(stack: Stack) -> LagSettings:
    """What the monitor has to be told to look at this stack."""
    url = SecretStr(stack.database_urls["monitor"])
    return LagSettings(
        sources=Sources(kafka_bootstrap=stack.bootstrap, database_url=url)
    )


def show(stack: Stack, *, as_json: bool, every: bool, watch: bool) -> int:
    """Show how far behind anyone is; the monitor's exit status.

    Raises `CannotRun` where nothing of the stack runs.
    """
    if not holder(stack.folder):
        raise CannotRun("nothing runs here; start it with `make up`")
    return lag.run(settings_of(stack), as_json=as_json, every=every, watch=watch)


def caught_up(stack: Stack) -> bool:
    """Whether nobody is behind, and everybody could be asked."""
    asked = lag.ask(settings_of(stack), lambda _: None, watch=False)
    return asyncio.run(asked) == CAUGHT_UP
