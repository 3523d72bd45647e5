"""A consultation whose clock stands as many days ahead as a file says.

The arena's windows are in working days; a demonstration cannot wait for them.
"""

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fastapi import FastAPI

from deploy.local.folder import state_folder
from services.consultation import app
from services.consultation.__main__ import CONSULTATION
from services.consultation.settings import Settings
from services.kit.command import main

DAYS = "arena-days"


def turn(folder: Path, days: int) -> None:
    """Let the arena's calendar stand so many days ahead."""
    (folder / DAYS).write_text(str(days), "utf-8")


def days_ahead(folder: Path) -> int:
    file = folder / DAYS
    return int(file.read_text("utf-8") or 0) if file.exists() else 0


def build(settings: Settings) -> FastAPI:
    folder = state_folder()

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(days=days_ahead(folder))

    quick = settings.model_copy(update={"look_every": timedelta(seconds=0.5)})
    return app.build(quick, now)


if __name__ == "__main__":
    sys.exit(main(replace(CONSULTATION, build=build)))
