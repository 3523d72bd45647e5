"""Running a service's migrations before it serves."""

import asyncio
import subprocess
from time import monotonic

from .logs import last_lines, size
from .processes import finish
from .services import Serving
from .trouble import CannotRun

SECONDS = 300.0


async def ended(child: subprocess.Popen[bytes]) -> None:
    """Wait for the child's end, and at most `SECONDS`."""
    deadline = monotonic() + SECONDS
    while child.poll() is None and monotonic() < deadline:  # noqa: ASYNC110 # a process
        await asyncio.sleep(0.05)


async def migrate(service: Serving) -> None:
    """Bring the service's schema up to date. Raises `CannotRun` if that fails."""
    since = size(service.log)
    child = service.migrate()
    try:
        await ended(child)
    finally:
        finish(child, patience=5.0)
    if child.returncode != 0:
        raise CannotRun(
            f"the migrations of {service.name} failed (code {child.returncode}). "
            f"{last_lines(service.log, since)}"
        )
