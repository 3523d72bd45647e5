"""Backups of Postgres and Kafka while they serve, and an older one in their place."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGQUIT, SIGSTOP, Signals

from deploy.local import oneshot, ports
from deploy.local.credentials import ADMIN, secret
from deploy.local.environment import plain
from deploy.local.folder import log_of
from deploy.local.kafka import Broker
from deploy.local.postgres import Server
from deploy.local.postgres_program import program
from deploy.local.processes import members, send
from deploy.local.stack import Stack
from deploy.local.trouble import CannotRun
from deploy.local.waiting import until

PATIENCE = 30.0


def of_postgres(stack: Stack, target: Path) -> None:
    """`pg_basebackup`, with the log that it needs to be whole. Raises `CannotRun`."""
    port = str(stack.ports[Server.name])
    where = ("-h", ports.HOST, "-p", port, "-U", ADMIN, "-D", target)
    how = ("--checkpoint=fast", "--wal-method=stream", "--no-password")
    oneshot.run(
        "the backup of Postgres",
        (program("pg_basebackup"), *where, *how),
        log_of(stack.folder, "pg_basebackup"),
        env={**plain(), "PGPASSWORD": secret(stack.folder, ADMIN)},
        cwd=stack.folder,
    )


def of_kafka(stack: Stack, target: Path) -> None:
    """The broker's folder at one moment, as a snapshot of its disk would have it.

    The broker stands still meanwhile; it starts on the copy as after a kill.
    """
    broker = stack.processes[Broker.name]
    send(broker, SIGSTOP)
    try:
        copy_tree(stack.folder / "kafka" / "data", target)
    finally:
        send(broker, SIGCONT)


def put_back_postgres(stack: Stack, copy: Path) -> None:
    """Postgres loses its data and starts on the backup."""
    put_back(stack, Server.name, copy, SIGQUIT)


def put_back_kafka(stack: Stack, copy: Path) -> None:
    """The same of Kafka."""
    put_back(stack, Broker.name, copy, SIGKILL)


def put_back(stack: Stack, part: str, copy: Path, how: Signals) -> None:
    """End the part on its data and leave it the copy; who keeps it running starts it.

    Raises `CannotRun` where it does not end.
    """
    room = stack.folder / part
    data, restored, lost = room / "data", room / "restored", room / "lost"
    for left in (restored, lost):
        shutil.rmtree(left, ignore_errors=True)
    copy_tree(copy, restored)
    owned_by(restored, room)
    process = stack.processes[part]
    # renamed under the running server: it must not be started on them once more
    data.rename(lost)
    send(process, how)
    if not until(lambda: not members(process), PATIENCE):
        raise CannotRun(f"{part} (process {process.pid}) does not end")
    restored.rename(data)


def owned_by(copy: Path, room: Path) -> None:
    """All of it belongs to whom the room belongs: as root Postgres is another user."""
    owner = room.stat()
    for path in (copy, *copy.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
    copy.chmod(0o700)


def copy_tree(source: Path, target: Path) -> None:
    """A copy that leaves holes where files have some: Kafka's indexes are all hole."""
    copying: Callable[[str, str], object] = copy_with_holes
    shutil.copytree(source, target, copy_function=copying)


def copy_with_holes(source: str, target: str) -> None:
    with Path(source).open("rb") as here, Path(target).open("wb") as there:
        size, at = os.fstat(here.fileno()).st_size, 0
        while at < size:
            try:
                begin = os.lseek(here.fileno(), at, os.SEEK_DATA)
            except OSError:
                # nothing but a hole is left
                break
            at = min(os.lseek(here.fileno(), begin, os.SEEK_HOLE), size)
            os.lseek(here.fileno(), begin, os.SEEK_SET)
            there.seek(begin)
            there.write(os.read(here.fileno(), at - begin))
        there.truncate(size)
    shutil.copystat(source, target)
