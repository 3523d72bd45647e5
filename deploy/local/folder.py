"""Where the local stack keeps its things, and how secrets are written."""

import os
import secrets
from pathlib import Path
from tempfile import mkstemp

from .trouble import CannotRun

CHECKOUT = Path(__file__).resolve().parents[2]


def state_folder() -> Path:
    """The folder that `TIDLIG_LOCAL` names, or `.local` in the checkout."""
    return Path(os.environ.get("TIDLIG_LOCAL") or CHECKOUT / ".local").absolute()


def make(folder: Path) -> Path:
    """Make the folder and its rooms for logs and Kafka. Raises `CannotRun`.

    Others may pass through it, because as root Postgres runs as another user.
    """
    try:
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        (folder / "lock").touch()
        for room in ("log", "kafka"):
            (folder / room).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise CannotRun(
            f"cannot write in {folder} ({error.strerror}): make it yours, "
            "or let TIDLIG_LOCAL name a folder of your own"
        ) from None
    return folder


def log_of(folder: Path, name: str) -> Path:
    """The log file of one process."""
    return folder / "log" / f"{name}.log"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads (0600); whole or not at all."""
    handle, draft = mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(draft).replace(path)


def write_once(path: Path, text: str) -> str:
    """Write a private file unless it exists; what the file then holds."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    write_private(draft, text)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return path.read_text()
    finally:
        draft.unlink()
    return text
