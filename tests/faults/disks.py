"""A disk that can be full: Postgres' own, in memory, where we may mount one."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

NOT_HERE = "a file system of its own needs root and the right to mount"
# it takes memory for what lies on it alone
LARGE = "size=8g"
LEFT = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system in `room`, whose size is changed while it is used."""

    room: Path

    def fill(self) -> None:
        """Leave next to nothing."""
        seen = os.statvfs(self.room)
        used = (seen.f_blocks - seen.f_bfree) * seen.f_frsize
        mount("-o", f"remount,size={used + LEFT}", self.room)

    def make_room(self) -> None:
        mount("-o", f"remount,{LARGE}", self.room)

    def give_up(self) -> None:
        """Unmount it, with all that lies there, once nobody uses it any more."""
        call("umount", "--lazy", self.room)


def disk_at(room: Path) -> Disk | None:
    """A disk mounted there; None where we may not mount any."""
    if os.geteuid() != 0:
        return None
    room.mkdir(mode=0o700, exist_ok=True)
    try:
        mount("-t", "tmpfs", "-o", f"{LARGE},mode=0700", "tmpfs", room)
    except (subprocess.CalledProcessError, FileNotFoundError):
        return None
    return Disk(room)


def mount(*arguments: str | Path) -> None:
    call("mount", *arguments)


def call(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603  # our own
