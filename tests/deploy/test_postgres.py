"""The database server: after a kill."""

import asyncio
from pathlib import Path

import pytest

from deploy.local import ports
from deploy.local.folder import make
from deploy.local.part import started
from deploy.local.postgres import Server
from deploy.local.postgres_program import user_of
from deploy.local.processes import finish, spawn
from deploy.local.roles import connected
from deploy.local.waiting import until


@pytest.fixture
def server(tmp_path: Path) -> Server:
    server = Server(make(tmp_path), *ports.any_free(1))
    server.prepare()
    return server


def kill(server: Server, *statements: str) -> None:
    """Start it, have it run the statements, and kill it."""
    child = server.start()
    assert until(server.ready, 60)
    for statement in statements:
        asyncio.run(ask(server.url, statement))
    child.kill()
    child.wait()


async def ask(url: str, statement: str) -> object:
    async with connected(url) as connection:
        return await connection.fetchval(statement)


def test_a_killed_server_starts_again_with_what_was_committed(server: Server) -> None:
    kill(server, "CREATE TABLE kept AS SELECT 'committed' AS word")

    with started(server):
        found = asyncio.run(ask(server.url, "SELECT word FROM kept"))

    assert found == "committed"


def test_a_lock_whose_number_another_process_got_is_no_hindrance(
    server: Server, tmp_path: Path
) -> None:
    kill(server)
    lock = server.data / "postmaster.pid"
    sleep = ["/bin/sleep", "600"]
    user = user_of(server.room)
    other = spawn(
        sleep, tmp_path / "log" / "other.log", env={}, cwd=tmp_path, user=user
    )
    _, rest = lock.read_text().split("\n", 1)
    lock.write_text(f"{other.pid}\n{rest}")

    with started(server):
        finish(other)
        found = asyncio.run(ask(server.url, "SELECT 1"))

    assert found == 1


def test_what_is_acknowledged_is_on_the_disk(admin_url: str) -> None:
    assert asyncio.run(ask(admin_url, "SHOW fsync")) == "on"
