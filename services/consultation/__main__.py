"""`python -m services.consultation serve | migrate | agenda | item | score | …`."""

import sys
from pathlib import Path

from services.kit.command import Service, main
from services.kit.migrations import INBOX, OUTBOX
from services.kit.operations import Consumes

from . import handlers
from .app import build
from .settings import Settings
from .terminal import COMMANDS

CONSULTATION = Service(
    name="consultation",
    summary="The joint arena: advice on prioritisation and funding.",
    settings=Settings,
    build=build,
    migrations=(OUTBOX, INBOX, Path(__file__).parent / "migrations"),
    consumes=Consumes(handlers.GROUP, handlers.on_facts),
    commands=COMMANDS,
)

if __name__ == "__main__":
    sys.exit(main(CONSULTATION))
