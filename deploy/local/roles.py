"""Giving each service its role and its two schemas in Postgres."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import asyncpg

from .trouble import CannotRun

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

DATABASE = "tidlig"
WATCHER = "monitor"
# Any number, the same for all who provision: roles belong to the whole server.
ONE_AT_A_TIME = 7_284_531


async def provision(
    admin_url: str, passwords: Mapping[str, str], database: str | None = DATABASE
) -> dict[str, str]:
    """Make roles and schemas for each service in `passwords`: the URL of each.

    Does no harm when it is done again. The database is made if need be and closed to
    all others; with `database` None the URL's own is used, and who else may come in is
    left as it is. Passwords are in base64url. Raises `CannotRun`.
    """
    inside = url_of(admin_url, database=database)
    try:
        async with connected(admin_url) as admin:
            await admin.execute("SELECT pg_advisory_lock($1)", ONE_AT_A_TIME)
            if database:
                await make_database(admin, database)
            async with connected(inside) as connection, connection.transaction():
                await make_roles(connection, passwords)
                await make_schemas(connection, passwords)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise CannotRun(
            f"could not set up Postgres ({type(error).__name__}: {error}): look at its "
            "log, and at DATABASE_URL if you set it"
        ) from None
    return urls(admin_url, passwords, database)


def urls(
    admin_url: str, passwords: Mapping[str, str], database: str | None = DATABASE
) -> dict[str, str]:
    """The URL of each service, once `provision` is done."""
    inside = url_of(admin_url, database=database)
    return {
        service: url_of(inside, user=role_of(service), password=password)
        for service, password in passwords.items()
    }


def role_of(service: str) -> str:
    """The login role of a service."""
    return f"tidlig_{service}"


def ops_of(service: str) -> str:
    """The schema of the views that a service offers to the monitor."""
    return f"{service}_ops"


def url_of(
    url: str, *, user: str = "", password: str = "", database: str | None = None
) -> str:
    """The URL with another user or another database, all else as it is."""
    parts = urlsplit(url)
    whom, _, where = parts.netloc.rpartition("@")
    login = f"{user}:{password}" if user else whom
    netloc = f"{login}@{where}" if login else where
    path = f"/{database}" if database else parts.path
    return parts._replace(netloc=netloc, path=path).geturl()


@asynccontextmanager
async def connected(url: str) -> "AsyncIterator[Connection]":
    """A connection that is closed after."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        yield connection
    finally:
        await connection.close()


async def make_database(admin: "Connection", name: str) -> None:
    """Make the database unless it is there; only those who are let in come in."""
    known = await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name)
    if not known:
        await admin.execute(f"CREATE DATABASE {name}")
    await admin.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")


async def make_roles(connection: "Connection", passwords: Mapping[str, str]) -> None:
    """Make each service's role, which may log in here and make temporary tables."""
    database = await connection.fetchval("SELECT current_database()")
    for service, password in passwords.items():
        role = role_of(service)
        known = await connection.fetchval("SELECT to_regrole($1)", role)
        if not known:
            await connection.execute(f"CREATE ROLE {role}")
        for statement in of_role(role, service, password, database):
            await connection.execute(statement)


def of_role(role: str, service: str, password: str, database: str) -> Iterator[str]:
    """What holds of a role, whether it was there or not."""
    yield f"ALTER ROLE {role} LOGIN PASSWORD '{password}'"
    yield f"ALTER ROLE {role} SET search_path = {service}"
    yield f'GRANT CONNECT, TEMPORARY ON DATABASE "{database}" TO {role}'
    # An administrator who is no superuser may give schemas only to roles it is in.
    yield f"GRANT {role} TO CURRENT_USER"


async def make_schemas(connection: "Connection", services: Mapping[str, str]) -> None:
    """Make each service's schemas; the monitor may read what is in the ops ones."""
    await connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    for service in services:
        for statement in of_schemas(service):
            await connection.execute(statement)
        if WATCHER in services:
            for statement in of_watcher(service):
                await connection.execute(statement)


def of_schemas(service: str) -> Iterator[str]:
    """A service's own schema and its ops schema, which nobody else may use."""
    for schema in (service, ops_of(service)):
        yield f"CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {role_of(service)}"
        yield f"REVOKE ALL ON SCHEMA {schema} FROM PUBLIC"


def of_watcher(service: str) -> Iterator[str]:
    """The monitor reads the views that are there, and those that will be made."""
    ops, watcher = ops_of(service), role_of(WATCHER)
    yield f"GRANT USAGE ON SCHEMA {ops} TO {watcher}"
    yield f"GRANT SELECT ON ALL TABLES IN SCHEMA {ops} TO {watcher}"
    yield (
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {role_of(service)} IN SCHEMA {ops} "
        f"GRANT SELECT ON TABLES TO {watcher}"
    )
