"""A plain HTTP client that costs little: what is measured is the server.

One connection, one request at a time; enough of HTTP/1.1 for our own answers.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter


class Connection:
    """An open connection to a server on loopback."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a whole request; status and body of the answer."""
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        length = 0
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return status, await self.reader.readexactly(length)


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()


def request(
    method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


@dataclass
class Load:
    """What a load gave: seconds of each answer, and how long all of it took."""

    seconds: list[float] = field(default_factory=list)
    wrong: dict[int, int] = field(default_factory=dict)
    took: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.took if self.took else 0.0

    def percentile_ms(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


async def load(
    port: int, requests: Sequence[bytes], connections: int, expected: int
) -> Load:
    """Send all requests over so many connections, each as soon as it is free."""
    found = Load()
    waiting: Iterator[bytes] = iter(requests)

    async def worker() -> None:
        async with connected(port) as connection:
            for each in waiting:
                began = perf_counter()
                status, _ = await connection.ask(each)
                found.seconds.append(perf_counter() - began)
                if status != expected:
                    found.wrong[status] = found.wrong.get(status, 0) + 1

    began = perf_counter()
    await asyncio.gather(*(worker() for _ in range(connections)))
    found.took = perf_counter() - began
    return found
