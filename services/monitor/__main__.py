"""`python -m services.monitor lag | serve | migrate`."""

import sys

from services.kit.command import Service, main

from . import lag
from .app import build
from .settings import Settings

MONITOR = Service(
    name="monitor",
    summary="Tells how far behind every consumer group is, in records and seconds.",
    settings=Settings,
    build=build,
    # it stores nothing
    migrations=(),
    commands=(lag.COMMAND,),
)

if __name__ == "__main__":
    sys.exit(main(MONITOR))
