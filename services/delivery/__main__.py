"""`python -m services.delivery serve | migrate | make-again | parked | …`."""

import sys
from pathlib import Path

from services.kit.command import Service, main
from services.kit.migrations import INBOX, OUTBOX
from services.kit.operations import Consumes

from . import handlers, making_again
from .app import build
from .settings import Settings

DELIVERY = Service(
    name="delivery",
    summary="Decides what is available to whom, and serves it as a feed.",
    settings=Settings,
    build=build,
    migrations=(OUTBOX, INBOX, Path(__file__).parent / "migrations"),
    consumes=Consumes(handlers.GROUP, handlers.on_facts),
    commands=(making_again.COMMAND,),
)

if __name__ == "__main__":
    sys.exit(main(DELIVERY))
