"""One Postgres server on loopback, from the binaries in a wheel.

Run directly and not by pg_ctl: so it is our child, and its end is noticed.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, Signals
from typing import ClassVar

from . import oneshot, ports
from .credentials import ADMIN, secret
from .environment import plain
from .folder import log_of, make, write_private
from .part import started
from .postgres_leftovers import clear, mark_of
from .postgres_program import make_room, program, user_of
from .processes import spawn
from .trouble import CannotRun

SETTINGS = {
    "shared_buffers": "256MB",
    "max_connections": "200",
    "max_wal_size": "2GB",
    "unix_socket_directories": "",
}
TEXT = ("--encoding=UTF8", "--locale=C.UTF-8")


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """A server on a free port, its data under `folder`: the administrator's URL.

    Call it from a thread that lasts: the server ends with it.
    """
    server = Server(make(folder), *ports.any_free(1))
    server.prepare()
    with started(server):
        yield server.url


@dataclass(frozen=True, slots=True)
class Server:
    """A server that keeps its data in `<folder>/postgres/data`."""

    folder: Path
    port: int

    name: ClassVar[str] = "postgres"
    # To Postgres SIGINT means: end now, in good order; SIGTERM waits for every client.
    parting: ClassVar[Signals] = SIGINT

    @property
    def address(self) -> str:
        return f"{ports.HOST}:{self.port}"

    @property
    def url(self) -> str:
        """The administrator's URL, password included."""
        password = secret(self.folder, ADMIN)
        return f"postgresql://{ADMIN}:{password}@{self.address}/postgres"

    @property
    def log(self) -> Path:
        return log_of(self.folder, self.name)

    @property
    def room(self) -> Path:
        return self.folder / "postgres"

    @property
    def data(self) -> Path:
        return self.room / "data"

    def prepare(self) -> None:
        """Make the database cluster, once. Raises `CannotRun`."""
        try:
            if not self.data.exists():
                self.make()
        except PermissionError as error:
            raise CannotRun(
                f"cannot make {error.filename} ({error.strerror}): it is another "
                "user's, or root has little to say here; start the stack as an "
                "ordinary user, in a folder of its own (TIDLIG_LOCAL)"
            ) from None

    def make(self) -> None:
        """Make the cluster beside its place and move it: none is ever half made."""
        make_room(self.room)
        fresh = self.room / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        self.initdb(fresh)
        fresh.rename(self.data)

    def initdb(self, data: Path) -> None:
        """Make a cluster whose only user is the administrator."""
        password = self.room / "password"
        write_private(password, secret(self.folder, ADMIN))
        user = user_of(self.room)
        if user:
            os.chown(password, user.uid, user.gid)
        options = (f"--pwfile={password}", "--auth=scram-sha-256", *TEXT)
        try:
            oneshot.run(
                "making the database cluster",
                (program("initdb"), "-D", data, "-U", ADMIN, *options),
                self.log,
                env=plain(),
                cwd=self.folder,
                user=user,
            )
        finally:
            password.unlink()

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server; on the data of a killed run too. Raises `CannotRun`."""
        clear(self.data)
        settings = {**SETTINGS, "cluster_name": mark_of(self.data)}
        options = [f"--{name}={value}" for name, value in settings.items()]
        listen = ("-h", ports.HOST, "-p", str(self.port))
        return spawn(
            (program("postgres"), "-D", self.data, *listen, *options),
            self.log,
            env=plain(),
            cwd=self.folder,
            parting=self.parting,
            user=user_of(self.room),
        )

    def ready(self) -> bool:
        """Whether it takes connections: not while it recovers."""
        where = ("-h", ports.HOST, "-p", str(self.port))
        ask = (program("pg_isready"), "-q", "-t", "2", *where)
        done = subprocess.run(ask, env=plain(), check=False)  # noqa: S603 # our own
        return done.returncode == 0
