"""`python -m services.intake serve | migrate | emit`."""

import sys
from pathlib import Path

from services.kit.command import Service, main
from services.kit.migrations import INBOX, OUTBOX

from . import emit
from .app import build
from .settings import Settings

INTAKE = Service(
    name="intake",
    summary="Facts come in here: checked, kept durably, published on Kafka.",
    settings=Settings,
    build=build,
    migrations=(OUTBOX, INBOX, Path(__file__).parent / "migrations"),
    commands=(emit.COMMAND,),
)

if __name__ == "__main__":
    sys.exit(main(INTAKE))
