"""Roles: a service has its schema, the monitor the ops views, and that is all."""

from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from deploy.local import roles
from deploy.local.roles import connected, url_of

PASSWORDS = {name: uuid4().hex for name in ("intake", "registry", "monitor")}
Refused = asyncpg.InsufficientPrivilegeError


async def ask(url: str, statement: str) -> object:
    async with connected(url) as connection:
        return await connection.fetchval(statement)


@pytest.fixture
async def urls(admin_url: str) -> dict[str, str]:
    """A database of three services, each with a table and a view for the monitor."""
    database = f"test_{uuid4().hex}"
    urls = await roles.provision(admin_url, PASSWORDS, database)
    for service, url in urls.items():
        await ask(url, "CREATE TABLE secret AS SELECT 1 AS one")
        await ask(url, f"CREATE VIEW {service}_ops.lag AS SELECT one FROM secret")
    return urls


async def test_a_service_has_its_own_schema_before_all(urls: dict[str, str]) -> None:
    assert await ask(urls["intake"], "SELECT one FROM secret") == 1
    assert await ask(urls["intake"], "SELECT current_schema()") == "intake"


async def test_a_service_cannot_read_another_ones_schema(urls: dict[str, str]) -> None:
    for schema in ("registry.secret", "registry_ops.lag"):
        with pytest.raises(Refused):
            await ask(urls["intake"], f"SELECT one FROM {schema}")


async def test_a_service_can_make_nothing_outside_its_schemas(
    urls: dict[str, str],
) -> None:
    for schema in ("public", "registry", "monitor_ops"):
        with pytest.raises(Refused):
            await ask(urls["intake"], f"CREATE TABLE {schema}.made (one int)")


async def test_the_monitor_reads_the_ops_views_and_nothing_else(
    urls: dict[str, str],
) -> None:
    assert await ask(urls["monitor"], "SELECT one FROM registry_ops.lag") == 1
    with pytest.raises(Refused):
        await ask(urls["monitor"], "SELECT one FROM registry.secret")
    with pytest.raises(Refused):
        await ask(urls["monitor"], "DROP VIEW registry_ops.lag")


async def test_other_roles_cannot_come_into_the_database(
    urls: dict[str, str], admin_url: str
) -> None:
    stranger = f"stranger_{uuid4().hex}"
    await ask(admin_url, f"CREATE ROLE {stranger} LOGIN PASSWORD 'word'")

    with pytest.raises(Refused):
        await ask(url_of(urls["intake"], user=stranger, password="word"), "SELECT 1")


async def test_making_roles_twice_is_harmless(
    urls: dict[str, str], admin_url: str
) -> None:
    database = urlsplit(urls["intake"]).path[1:]

    again = await roles.provision(admin_url, PASSWORDS, database)

    assert again == urls
    assert await ask(urls["monitor"], "SELECT one FROM intake_ops.lag") == 1
    assert await ask(urls["intake"], "SELECT one FROM secret") == 1


async def test_an_administrator_who_is_no_superuser_can_make_them(
    admin_url: str,
) -> None:
    name = f"owner_{uuid4().hex}"
    for statement in (
        f"CREATE ROLE {name} LOGIN CREATEROLE PASSWORD 'word'",
        f"CREATE DATABASE {name} OWNER {name}",
    ):
        await ask(admin_url, statement)
    owner = url_of(admin_url, user=name, password="word", database=name)
    mine = {f"mine{uuid4().hex}": "word", "monitor": PASSWORDS["monitor"]}
    del mine["monitor"]

    made = await roles.provision(owner, mine, None)

    for url in made.values():
        assert await ask(url, "CREATE TABLE made (one int)") is None
