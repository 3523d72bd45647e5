"""`python -m services.intake serve | migrate | emit | import`."""

import sys
from pathlib import Path

from services.kit.command import Service, main
from services.kit.migrations import INBOX, OUTBOX
from services.kit.operations import Consumes

from . import emit, handlers
from .app import build
from .importing import command as importing
from .settings import Settings

INTAKE = Service(
    name="intake",
    summary="Facts come in here: checked, kept durably, published on Kafka.",
    settings=Settings,
    build=build,
    migrations=(OUTBOX, INBOX, Path(__file__).parent / "migrations"),
    consumes=Consumes(handlers.GROUP, handlers.on_tracker_facts),
    commands=(emit.COMMAND, importing.COMMAND),
)

if __name__ == "__main__":
    sys.exit(main(INTAKE))
