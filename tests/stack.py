"""What surrounds a service in a test: real parts, made quickly."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, time
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import httpx
import stamina
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec
from confluent_kafka.cimpl import NewTopic
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey

from schemas import topics
from schemas.topics import Topic
from services.kit.broker import topic_ids
from services.kit.migrations import INBOX, OUTBOX, migrate
from services.kit.settings import Surroundings

SERVICES = Path(__file__).parents[1] / "services"
ISSUER = "https://utvikling.tidlig.invalid/"
EVERY_SCOPE = "tidlig:events.publish tidlig:initiatives.read tidlig:operations"


class Issuer:
    """An issuer of tokens, with its published keys in a file."""

    def __init__(self, folder: Path) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "test", "alg": "ES256"})
        published = folder / "jwks.json"
        published.write_text(json.dumps({"keys": [self.key.as_dict(private=False)]}))
        self.jwks = published.as_uri()

    def token(self, orgnr: str, scope: str = EVERY_SCOPE, **claims: Any) -> str:
        now = int(time())
        return jwt.encode(
            {"alg": "ES256", "kid": "test"},
            {
                "iss": ISSUER,
                "iat": now,
                "exp": now + 600,
                "scope": scope,
                "consumer": {
                    "authority": "iso6523-actorid-upis",
                    "ID": f"0192:{orgnr}",
                },
                **claims,
            },
            self.key,
        )

    def bearer(
        self, orgnr: str, scope: str = EVERY_SCOPE, **claims: Any
    ) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(orgnr, scope, **claims)}"}


@dataclass
class Stack:
    """Broker, database server and issuer; `prepare` makes a database for services."""

    bootstrap: str
    admin_url: str
    issuer: Issuer
    folder: Path
    database: str = ""

    async def prepare(self, *services: str) -> Surroundings:
        """A migrated database, its consumers standing at the end of the topics."""
        self.database = await fresh_database(self.admin_url, services)
        for service in services:
            own = SERVICES / service / "migrations"
            await migrate(self.database, service, [OUTBOX, INBOX, own])
            await begin_at_the_end(self.bootstrap, self.database, service)
        return self.surroundings

    @property
    def surroundings(self) -> Surroundings:
        return Surroundings(
            kafka_bootstrap=self.bootstrap,
            database_url=self.database,
            token_issuer=ISSUER,
            token_jwks=self.issuer.jwks,
        )

    @asynccontextmanager
    async def connection(
        self, schema: str
    ) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """A look into a service's tables."""
        conn = await asyncpg.connect(
            self.database, server_settings={"search_path": schema}
        )
        try:
            yield conn
        finally:
            await conn.close()


def create_topics(bootstrap: str, wanted: Iterable[Topic] = topics.ALL) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    made = admin.create_topics(
        [
            NewTopic(
                topic.name,
                num_partitions=topic.partitions,
                replication_factor=1,
                config={"message.timestamp.type": "LogAppendTime"},
            )
            for topic in wanted
        ]
    )
    for future in made.values():
        future.result(20)


async def fresh_database(admin_url: str, services: Sequence[str]) -> str:
    name = f"test_{uuid4().hex[:12]}"
    admin = await asyncpg.connect(admin_url)
    await admin.execute(f"CREATE DATABASE {name}")
    await admin.close()
    url = urlunsplit(urlsplit(admin_url)._replace(path=f"/{name}"))
    conn = await asyncpg.connect(url)
    for service in services:
        await conn.execute(f"CREATE SCHEMA {service}; CREATE SCHEMA {service}_ops")
    await conn.close()
    return url


async def begin_at_the_end(bootstrap: str, database: str, group: str) -> None:
    """Let a group's checkpoints stand where the topics end now."""
    names = [topic.name for topic in topics.ALL]
    ids = await topic_ids(bootstrap, names)
    ends = await asyncio.to_thread(ends_of, bootstrap, names)
    conn = await asyncpg.connect(database, server_settings={"search_path": group})
    await conn.executemany(
        "INSERT INTO checkpoint (group_id, topic, topic_id, partition, next, appended) "
        "VALUES ($1, $2, $3, $4, $5, 'epoch')",
        [(group, topic, ids[topic], n, end) for (topic, n), end in ends.items()],
    )
    if group == "intake":
        await conn.executemany(
            "INSERT INTO known_to VALUES ($1, $2, $3, $4)",
            [(topic, ids[topic], n, end) for (topic, n), end in ends.items()],
        )
    await conn.close()


def has_no_leader_yet(error: Exception) -> bool:
    """Of a topic just made a broker may not know yet that it leads."""
    return (
        isinstance(error, KafkaException)
        and error.args[0].code() == KafkaError.NOT_LEADER_FOR_PARTITION
    )


@stamina.retry(on=has_no_leader_yet, attempts=None, timeout=30)
def ends_of(bootstrap: str, names: Iterable[str]) -> dict[tuple[str, int], int]:
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    # as a new client's first question, list_offsets may wait for seconds
    admin.list_topics(timeout=20)
    asked = admin.list_offsets(
        {
            TopicPartition(name, n): OffsetSpec.latest()  # type: ignore[no-untyped-call]  # partly typed
            for name in names
            for n in range(topics.BY_NAME[name].partitions)
        }
    )
    return {(tp.topic, tp.partition): f.result(20).offset for tp, f in asked.items()}


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The application with its work in the background, and a client to ask it."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app)
        yield await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://tidlig")
        )


async def until(
    asked: Callable[[], Awaitable[Any]], *, seconds: float = 15, what: str = "it"
) -> Any:
    """Ask until the answer is true, and give it. Fails when the time is up."""
    deadline = monotonic() + seconds
    while not (answer := await asked()):
        if monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}; got {answer!r}")
        await asyncio.sleep(0.02)
    return answer
