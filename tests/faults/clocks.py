"""Clocks of services that can be stepped: by libfaketime, where that is installed."""

from dataclasses import dataclass
from pathlib import Path

from deploy.local.processes import look

# where Debian's package `libfaketime` puts it, for programs with threads
INSTALLED = "*/faketime/libfaketimeMT.so.1"
SHARED = Path("/dev/shm")  # noqa: S108  # it chooses the place and the names
NOT_HERE = "libfaketime is not installed here (Debian: libfaketime)"


def library() -> Path | None:
    """Where libfaketime lies; None where it is not installed."""
    return next(iter(sorted(Path("/usr/lib").glob(INSTALLED))), None)


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of one replica; how long something takes is told rightly anyway."""

    library: Path
    file: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(self.library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def stands(self, ahead: int) -> None:
        """So many seconds ahead of the right time, from now on."""
        draft = self.file.with_suffix(".draft")
        draft.write_text(f"{ahead:+d}\n")
        draft.replace(self.file)


def clear_away() -> None:
    """Remove what libfaketime keeps in memory for processes that were killed."""
    for left in SHARED.glob("*faketime_s*_*"):
        pid = left.name.rpartition("_")[2]
        if pid.isdecimal() and look(int(pid)) is None:
            left.unlink(missing_ok=True)


def clock_of(folder: Path, name: str) -> Clock | None:
    """A replica's clock, which is right at first; None where none can be stepped."""
    found = library()
    if found is None:
        return None
    clock = Clock(found, folder / f"clock-{name}")
    clock.stands(0)
    return clock
