"""Links pass bytes on as they came, and fail as they are told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from deploy.local import ports
from deploy.local.ports import HOST

from .links import Link

MEGABYTE = bytes(range(256)) * 4096


@pytest.fixture
async def link() -> AsyncIterator[Link]:
    """To a server that says everything again."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionResetError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    here, target = ports.any_free(2)
    server = await asyncio.start_server(echo, HOST, target)
    link = Link("test", here, target)
    await link.open()
    yield link
    await link.close()
    server.close()


async def said_again(link: Link, data: bytes, limit: float = 20.0) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, link.port)
    try:
        async with asyncio.timeout(limit):
            writer.write(data)
            return await reader.readexactly(len(data))
    finally:
        writer.transport.abort()


async def test_what_is_sent_comes_through_unchanged(link: Link) -> None:
    assert await said_again(link, MEGABYTE) == MEGABYTE


async def test_slices_come_through_in_order(link: Link) -> None:
    link.slice = 7

    assert await said_again(link, MEGABYTE[:5_000]) == MEGABYTE[:5_000]


async def test_latency_is_waited_for_each_way(link: Link) -> None:
    link.latency = 0.2
    loop = asyncio.get_running_loop()
    began = loop.time()

    await said_again(link, b"x")

    assert loop.time() - began >= 0.4


async def test_through_a_half_open_link_nothing_comes_until_it_is_healed(
    link: Link,
) -> None:
    link.half_open()
    with pytest.raises(TimeoutError):
        await said_again(link, b"x", 0.3)

    link.heal()

    assert await said_again(link, b"x") == b"x"


async def test_a_reset_ends_connections_at_once(link: Link) -> None:
    reader, writer = await asyncio.open_connection(HOST, link.port)
    writer.write(b"x")
    assert await reader.readexactly(1) == b"x"

    link.reset()

    with pytest.raises(ConnectionResetError):
        async with asyncio.timeout(5):
            await reader.readexactly(1)
    writer.close()
