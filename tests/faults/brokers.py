"""Brokers of a fault run: one, or a cluster; each is reached over links."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import kafka, oneshot, ports
from deploy.local.environment import plain
from deploy.local.folder import make
from deploy.local.ports import HOST

from .links import Link

# of a cluster: any one broker may be away, as in production
CLUSTER = """
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.min.isr=2
controller.quorum.fetch.timeout.ms=2000
controller.quorum.election.timeout.ms=1000
"""


@dataclass(frozen=True, slots=True)
class LinkedBroker(kafka.Broker):
    """A broker that is reached over a link by each service, and directly by us.

    `links` has for each service the port that the broker listens on, and the port of
    the link, which it tells its clients. `voters` has every controller of a cluster.
    """

    links: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    number: int = 1
    voters: tuple[str, ...] = ()
    cluster: str = ""

    def prepare(self) -> None:
        """Format the data folder, alone or as one of a cluster."""
        if not self.voters:
            kafka.Broker.prepare(self)
            return
        settings = self.settings("format.properties", data="data")
        self.empty_tmp()
        who = ["--initial-controllers", ",".join(self.voters), "-t", self.cluster]
        tool = ["kafka.tools.StorageTool", "format", *who, "-c", settings]
        oneshot.run(
            "formatting Kafka's data folder",
            self.java(*tool),
            self.log,
            env=plain(),
            cwd=self.room,
        )

    def settings(self, file: str, data: str) -> str:
        # the last of two lines that set the same counts
        kafka.Broker.settings(self, file, data)
        path = self.room / file
        path.write_text(path.read_text() + self.of_links() + self.of_cluster())
        return file

    def of_links(self) -> str:
        names = {service: f"LINK_{service.upper()}" for service in self.links}
        own = [("PLAINTEXT", self.port), ("CONTROLLER", self.controller)]
        listen = own + [(names[s], here) for s, (here, _) in self.links.items()]
        tell = own + [(names[s], link) for s, (_, link) in self.links.items()]
        protocols = ",".join(f"{name}:PLAINTEXT" for name, _ in listen)
        return (
            f"listeners={addresses(listen)}\n"
            f"advertised.listeners={addresses(tell)}\n"
            f"listener.security.protocol.map={protocols}\n"
        )

    def of_cluster(self) -> str:
        if not self.voters:
            return ""
        ends = (voter.partition("@")[2] for voter in self.voters)
        controllers = ",".join(end.rpartition(":")[0] for end in ends)
        return (
            f"node.id={self.number}\n"
            f"controller.quorum.bootstrap.servers={controllers}\n{CLUSTER}"
        )


def addresses(listeners: list[tuple[str, int]]) -> str:
    return ",".join(f"{name}://{HOST}:{port}" for name, port in listeners)


def laid_out(
    folder: Path, number: int, services: Iterable[str]
) -> tuple[list[LinkedBroker], list[Link]]:
    """So many brokers, and for each a link from each service."""
    names = list(services)
    taken = ports.any_free(number * (2 + 2 * len(names)))
    links: list[Link] = []
    listeners: list[dict[str, tuple[int, int]]] = []
    for n in range(1, number + 1):
        own = {name: (taken.pop(), taken.pop()) for name in names}
        listeners.append(own)
        links += [
            Link(f"{name}-kafka-{n}", link, here) for name, (here, link) in own.items()
        ]
    controllers = [taken.pop() for _ in range(number)]
    voters = tuple(
        f"{n}@{HOST}:{port}:{kafka.cluster_id()}"
        for n, port in enumerate(controllers, 1)
    )
    cluster = kafka.cluster_id()
    made = [
        LinkedBroker(
            make(folder / f"broker-{n}"),
            taken.pop(),
            controllers[n - 1],
            listeners[n - 1],
            n,
            voters if number > 1 else (),
            cluster,
        )
        for n in range(1, number + 1)
    ]
    return made, links
