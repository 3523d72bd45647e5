"""Deciding what a run starts, on which ports, with which addresses."""

import json
import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from . import ports, roles, tokens
from .credentials import SCORECARD_KEY, SEALING_KEY, secret
from .kafka import Broker
from .lock import myself
from .postgres import Server
from .services import KNOWN, Service, Serving
from .stack import Stack, last_stack


@dataclass(frozen=True, slots=True)
class Plan:
    """A run of the stack. Kafka or Postgres is None where it was given."""

    stack: Stack
    kafka: Broker | None
    postgres: Server | None
    services: tuple[Serving, ...]
    passwords: Mapping[str, str]

    @property
    def database(self) -> str | None:
        """The database to make, None where one was given."""
        return roles.DATABASE if self.postgres else None


def given_bootstrap() -> str | None:
    """Brokers to use as they are."""
    return os.environ.get("TIDLIG_KAFKA_BOOTSTRAP") or None


def given_database() -> str | None:
    """The administrator's URL of a database to use as it is."""
    return os.environ.get("DATABASE_URL") or None


def plan(folder: Path, services: tuple[Service, ...], run: ExitStack) -> Plan:
    """Plan a run. The last run's ports are taken again where they are free.

    They are held until `run` ends.
    """
    chosen = choose_ports(folder, services, run)
    broker = Broker(folder, chosen["kafka"], chosen["controller"])
    server = Server(folder, chosen["postgres"])
    kafka = None if given_bootstrap() else broker
    postgres = None if given_database() else server
    names = {service.name for service in (*KNOWN, *services)}
    passwords = {name: secret(folder, roles.role_of(name)) for name in sorted(names)}
    admin_url = given_database() or server.url
    stack = Stack(
        supervisor=myself(),
        folder=folder,
        bootstrap=given_bootstrap() or broker.address,
        admin_url=admin_url,
        database_urls=roles.urls(
            admin_url, passwords, roles.DATABASE if postgres else None
        ),
        service_urls={
            s.name: f"http://{ports.HOST}:{chosen[s.name]}" for s in services
        },
        issuer=tokens.ISSUER,
        jwks=tokens.publish(folder),
        ports=chosen,
    )
    serving = tuple(
        Serving(s, folder, chosen[s.name], environment(s, stack)) for s in services
    )
    return Plan(stack, kafka, postgres, serving, passwords)


def choose_ports(
    folder: Path, services: tuple[Service, ...], run: ExitStack
) -> dict[str, int]:
    """A port for each part that may be started."""
    last = last_stack(folder)
    usual = {service.name: service.usual_port for service in services}
    return ports.choose({**ports.SERVERS, **usual}, last.ports if last else {}, run)


def environment(service: Service, stack: Stack) -> dict[str, str]:
    """What a service is told."""
    told = {
        "TIDLIG_KAFKA_BOOTSTRAP": stack.bootstrap,
        "DATABASE_URL": stack.database_urls[service.name],
        "TIDLIG_TOKEN_ISSUER": stack.issuer,
        "TIDLIG_TOKEN_JWKS": stack.jwks,
        "TIDLIG_INSTANCE": "local",
        f"TIDLIG_{service.name.upper()}_PORT": str(stack.ports[service.name]),
    }
    if service.name == "consultation":
        key = secret(stack.folder, SCORECARD_KEY)
        told["TIDLIG_CONSULTATION_SEALING_KEY"] = key
    if service.name == "delivery":
        told["TIDLIG_DELIVERY_SEALING_KEY"] = secret(stack.folder, SEALING_KEY)
    if service.name == "intake":
        urls = stack.service_urls
        asked = {name: urls[name] for name in ("registry", "delivery") if name in urls}
        told["TIDLIG_INTAKE_SERVICES"] = json.dumps(asked)
    return told
