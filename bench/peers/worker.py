"""Kafka Connect, standalone, on the JRE and the Kafka jars that the project has.

Its own jars and those of the connectors are Maven coordinates with their hashes, in
`locks/`, fetched as the broker's are. A connector is begun and ended over Connect's own
HTTP, so that the JVM stays warm between runs.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM, Signals
from typing import Any, ClassVar

import httpx

from deploy.local import jars, ports
from deploy.local.environment import plain
from deploy.local.folder import log_of, make
from deploy.local.kafka import LOG_SETTINGS, java_program
from deploy.local.part import started
from deploy.local.processes import spawn
from deploy.local.waiting import until

LOCKS = Path(__file__).parent / "locks"
# of each connector, and of what it needs beside the worker's
CONNECTORS = ("sink", "router")
HEAP = "-Xmx1g"
SECONDS = 60.0
Settings = Mapping[str, str]


class NotRunning(Exception):
    """A connector that failed, with what Connect says of it."""


@contextmanager
def running(folder: Path, bootstrap: str) -> "Iterator[Worker]":
    """A worker without connectors. Raises `CannotRun` where a jar cannot be had."""
    (port,) = ports.any_free(1)
    worker = Worker(make(folder), port, bootstrap)
    worker.prepare()
    with started(worker, seconds=120):
        yield worker


@dataclass(frozen=True, slots=True)
class Worker:
    """Connect standalone, its files in `<folder>/connect`."""

    folder: Path
    port: int
    bootstrap: str

    name: ClassVar[str] = "connect"
    parting: ClassVar[Signals] = SIGTERM

    @property
    def address(self) -> str:
        return f"{ports.HOST}:{self.port}"

    @property
    def log(self) -> Path:
        return log_of(self.folder, self.name)

    @property
    def room(self) -> Path:
        return self.folder / "connect"

    def prepare(self) -> None:
        """Fetch what is missing, and lay a folder of jars for each connector."""
        shutil.rmtree(self.room, ignore_errors=True)
        (self.room / "tmp").mkdir(parents=True)
        for connector in CONNECTORS:
            place = self.room / "plugins" / connector
            place.mkdir(parents=True)
            for jar in jars.fetch(lock=LOCKS / f"{connector}.lock"):
                (place / jar.name).symlink_to(jar)
        text = "".join(f"{name}={value}\n" for name, value in self.settings().items())
        (self.room / "worker.properties").write_text(text)

    def settings(self) -> Settings:
        string = "org.apache.kafka.connect.storage.StringConverter"
        return {
            "bootstrap.servers": self.bootstrap,
            "listeners": f"http://{self.address}",
            "plugin.path": str(self.room / "plugins"),
            "plugin.discovery": "hybrid_warn",
            "key.converter": string,
            "value.converter": string,
            "offset.storage.file.filename": str(self.room / "offsets"),
            "offset.flush.interval.ms": "1000",
            "connector.client.config.override.policy": "All",
        }

    def start(self) -> "subprocess.Popen[bytes]":
        class_path = ":".join(
            map(str, [*jars.fetch(lock=LOCKS / "worker.lock"), *jars.fetch()])
        )
        logging = f"-Dlog4j2.configurationFile={LOG_SETTINGS.as_uri()}"
        command: list[str | Path] = [
            java_program(),
            HEAP,
            "-Djava.io.tmpdir=tmp",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            logging,
            "-cp",
            class_path,
            "org.apache.kafka.connect.cli.ConnectStandalone",
            "worker.properties",
        ]
        return spawn(command, self.log, env=plain(), cwd=self.room)

    def ready(self) -> bool:
        try:
            return httpx.get(f"http://{self.address}/connectors", timeout=2).is_success
        except httpx.HTTPError:
            return False

    def begin(self, name: str, settings: Settings) -> None:
        """Have a connector run, with its task. Raises `NotRunning`."""
        self.ask("PUT", f"/connectors/{name}/config", dict(settings))
        self.until_it(name, "RUNNING")

    def stop(self, name: str) -> None:
        """Let it hold nothing, and know where it was."""
        self.ask("PUT", f"/connectors/{name}/stop")
        if not until(lambda: not self.status(name)["tasks"], SECONDS):
            raise NotRunning(f"{name} does not stop")

    def resume(self, name: str) -> None:
        """Does not wait until it runs."""
        self.ask("PUT", f"/connectors/{name}/resume")

    def end(self, name: str) -> None:
        self.ask("DELETE", f"/connectors/{name}")

    def until_it(self, name: str, state: str) -> None:
        def there() -> bool:
            tasks = self.status(name)["tasks"]
            failed = [task["trace"] for task in tasks if task["state"] == "FAILED"]
            if failed:
                raise NotRunning(f"{name}: {failed[0][:2000]}")
            return bool(tasks) and all(task["state"] == state for task in tasks)

        if not until(there, SECONDS):
            raise NotRunning(f"{name} is not {state.lower()}: see {self.log}")

    def status(self, name: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self.ask("GET", f"/connectors/{name}/status")
        except httpx.HTTPStatusError as error:
            if error.response.status_code == httpx.codes.NOT_FOUND:
                return {"tasks": []}
            raise
        return found

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = httpx.request(
            method, f"http://{self.address}{path}", json=body, timeout=SECONDS
        ).raise_for_status()
        return json.loads(answer.content) if answer.content else None
