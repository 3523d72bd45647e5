"""Building the house: servers, links, and replicas that are told where they are."""

import os
import subprocess
import sys
from pathlib import Path

import httpx

from deploy.local import ports, roles, tokens, topics
from deploy.local.credentials import secret
from deploy.local.folder import CHECKOUT, log_of, make
from deploy.local.lock import myself
from deploy.local.plan import environment
from deploy.local.postgres import Server
from deploy.local.services import KNOWN
from deploy.local.stack import Stack

from . import witness
from .bearers import Bearers
from .brokers import laid_out
from .clocks import clock_of
from .disks import disk_at
from .house import LINKED, SERVICES, House
from .links import Link
from .replica import Replica
from .servers import Running


class CannotBegin(Exception):
    """The house did not come up; its logs tell why."""


async def build(
    folder: Path,
    client: httpx.AsyncClient,
    *,
    seed: str,
    rate: float,
    replicas: int,
    brokers: int,
) -> House:
    """Make everything, and start it. Raises `CannotBegin`, `CannotRun`."""
    make(folder)
    tokens.publish(folder)
    own, links = laid_out(folder, brokers, LINKED)
    (postgres_port, *more) = ports.any_free(1 + len(LINKED))
    links += [
        Link(f"{service}-postgres", port, postgres_port)
        for service, port in zip(LINKED, more, strict=True)
    ]
    house = House(
        folder=folder,
        brokers=[Running(each) for each in own],
        postgres=Running(Server(folder, postgres_port)),
        links={link.name: link for link in links},
        replicas=[],
        client=client,
        bearers=Bearers(folder),
        seed=seed,
        rate=rate,
        disk=disk_at(folder / Server.name),
    )
    try:
        await furnish(house, replicas)
    except BaseException:
        await house.end()
        raise
    return house


async def furnish(house: House, replicas: int) -> None:
    for running in (*house.brokers, house.postgres):
        await house.by_hand(running.server.prepare)
        await house.by_hand(running.start)
    if not await house.by_hand(house.postgres.until_ready):
        raise CannotBegin(f"Postgres does not start: see {house.folder}/log")
    passwords = {name: secret(house.folder, roles.role_of(name)) for name in SERVICES}
    server = house.postgres.server
    assert isinstance(server, Server)
    urls = await roles.provision(server.url, passwords)
    for link in house.links.values():
        await link.open()
    for running in house.brokers:
        if not await house.by_hand(running.until_ready):
            raise CannotBegin(f"Kafka does not start: see {running.server.log}")
    await house.by_hand(topics.provision, house.bootstrap)
    # intake asks the others, so they come first
    for service in reversed(SERVICES):
        for n in range(1 if service == roles.WATCHER else replicas):
            house.replicas.append(replica_of(house, service, n, urls[service]))
    await migrate(house)
    await witness.plant(house.database, LINKED)
    for replica in house.replicas:
        await house.by_hand(replica.start)


def replica_of(house: House, service: str, number: int, url: str) -> Replica:
    """One of a service: told what the local stack tells, with its own links."""
    (port,) = ports.any_free(1)
    name = f"{service}-{number}"
    bootstrap = house.bootstrap
    if service in LINKED:
        database = house.links[f"{service}-postgres"]
        bootstrap = ",".join(
            f"{ports.HOST}:{link.port}"
            for name, link in house.links.items()
            if name.startswith(f"{service}-kafka-")
        )
        at = house.postgres.server.address
        url = url.replace(at, f"{ports.HOST}:{database.port}")
    told = Stack(
        supervisor=myself(),
        folder=house.folder,
        bootstrap=bootstrap,
        admin_url="",
        database_urls={service: url},
        service_urls={r.service: r.url for r in house.replicas if r.name[-1] == "0"},
        issuer=tokens.ISSUER,
        jwks=(house.folder / "jwks.json").as_uri(),
        ports={service: port},
    )
    (known,) = (each for each in KNOWN if each.name == service)
    own = {**os.environ, **environment(known, told), "TIDLIG_INSTANCE": name}
    if service in {"registry", "delivery"}:
        # every reader without a token shares this; a fault run asks often
        own[f"TIDLIG_{service.upper()}_PUBLIC_RATE"] = "1000"
    clock = clock_of(house.folder, name)
    if clock is not None:
        own |= clock.environment
    return Replica(service, name, port, log_of(house.folder, name), own, clock)


async def migrate(house: House) -> None:
    """Each service's own command. Raises `CannotBegin`."""
    for service in SERVICES:
        done = await house.by_hand(migrated, house.of(service)[0])
        if done.returncode:
            raise CannotBegin(f"{service} migrate: {done.stdout}{done.stderr}")


def migrated(replica: Replica) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603  # our own module
        [sys.executable, "-m", f"services.{replica.service}", "migrate"],
        env=dict(replica.environment),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
