"""`python -m services.registry serve | migrate | parked | …`."""

import sys
from pathlib import Path

from services.kit.command import Service, main
from services.kit.migrations import INBOX, OUTBOX
from services.kit.operations import Consumes

from . import handlers
from .app import build
from .archive_files import command as archive_files
from .rebuilding import command as rebuilding
from .settings import Settings

REGISTRY = Service(
    name="registry",
    summary="Archives every fact, and shows what stands and how early it was shared.",
    settings=Settings,
    build=build,
    migrations=(OUTBOX, INBOX, Path(__file__).parent / "migrations"),
    consumes=Consumes(handlers.GROUP, handlers.on_facts),
    commands=(
        rebuilding.REBUILD,
        rebuilding.STATE_HASH,
        archive_files.EXPORT,
        archive_files.CHECK,
    ),
)

if __name__ == "__main__":
    sys.exit(main(REGISTRY))
