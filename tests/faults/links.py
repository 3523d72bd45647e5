"""TCP links that can be made slow, cut in slices, half open, or reset.

One link between each service and Kafka, and each service and Postgres.
"""

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field

from deploy.local.ports import HOST

CHUNK = 64 * 1024
ABRUPTLY = struct.pack("ii", 1, 0)


@dataclass
class Link:
    """Passes bytes on from `port` to `target`; its faults are set while it runs."""

    name: str
    port: int
    target: int
    # seconds that each chunk waits, each way
    latency: float = 0.0
    # bytes that are passed on at a time; 0 is as many as come
    slice: int = 0
    # bytes a second, each way of each connection; 0 is without limit
    bandwidth: int = 0
    passing: asyncio.Event = field(default_factory=asyncio.Event)
    writers: set[asyncio.StreamWriter] = field(default_factory=set)
    connections: set[asyncio.Task[None]] = field(default_factory=set)
    server: asyncio.Server | None = None

    async def open(self) -> None:
        self.passing.set()
        self.server = await asyncio.start_server(self.accept, HOST, self.port)

    async def close(self) -> None:
        if self.server is not None:
            self.server.close()
        self.heal()
        self.reset()
        await asyncio.gather(*self.connections, return_exceptions=True)

    @property
    def is_well(self) -> bool:
        slow = self.latency or self.slice or self.bandwidth
        return self.passing.is_set() and not slow

    def heal(self) -> None:
        """As it was; connections that were half open are lost, as a firewall's are."""
        self.latency, self.slice, self.bandwidth = 0.0, 0, 0
        if not self.passing.is_set():
            self.reset()
            self.passing.set()

    def half_open(self) -> None:
        """Every connection stays, and nothing comes through any more."""
        self.passing.clear()

    def reset(self) -> None:
        """End all connections with a reset, whatever is under way on them."""
        for writer in list(self.writers):
            own = writer.get_extra_info("socket")
            if own is not None:
                with suppress(OSError):
                    own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABRUPTLY)
            writer.transport.abort()

    def accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.create_task(self.serve(reader, writer))
        self.connections.add(task)
        task.add_done_callback(self.connections.discard)

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """One connection, both ways, until either end closes."""
        self.writers.add(writer)
        onward: asyncio.StreamWriter | None = None
        try:
            back, onward = await asyncio.open_connection(HOST, self.target)
            self.writers.add(onward)
            await asyncio.gather(
                self.pass_on(reader, onward), self.pass_on(back, writer)
            )
        except OSError:
            # nobody is there: the caller learns it as it would without us
            pass
        finally:
            for each in (writer, onward):
                if each is not None:
                    self.writers.discard(each)
                    each.transport.abort()

    async def pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """One way, until it ends; the other end learns that it has ended."""
        try:
            while data := await reader.read(CHUNK):
                await self.passing.wait()
                if self.latency:
                    await asyncio.sleep(self.latency)
                step = self.slice or len(data)
                for n in range(0, len(data), step):
                    writer.write(data[n : n + step])
                    await writer.drain()
                if self.bandwidth:
                    await asyncio.sleep(len(data) / self.bandwidth)
        except OSError:
            pass
        finally:
            with suppress(OSError, RuntimeError):
                # closed and not half closed: Kafka and Postgres want no more then
                writer.close()
