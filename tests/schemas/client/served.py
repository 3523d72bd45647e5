"""Real services on a port of loopback, and a way to them that is not to be trusted."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import httpx
import uvicorn

from .scripted import Answer, Asked, Scripted, scripted

START_SECONDS = 30.0


class Noticed(uvicorn.Server):
    """Tells when it answers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answering = Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.answering.set()


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The application with a server and a loop of its own; its address."""
    server = Noticed(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=2))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def run() -> None:
            asyncio.run(server.serve([listening]))

        thread = Thread(target=run, daemon=True)
        thread.start()
        try:
            assert server.answering.wait(START_SECONDS), "the service does not start"
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join()


Meddle = Callable[[int, Callable[[], Answer]], Answer]


@contextmanager
def way_to(url: str, meddle: Meddle) -> Iterator[Scripted]:
    """A way to a service on which `meddle` decides what becomes of each request.

    It is given the request's number and what forwards it.
    """
    with httpx.Client(base_url=url, timeout=30) as client:

        def forward(asked: Asked) -> Answer:
            answer = client.request(
                asked.method,
                asked.path,
                params=asked.query,
                content=asked.body,
                headers={
                    name: value
                    for name, value in asked.headers.items()
                    if name.lower() in ("authorization", "content-type")
                },
            )
            kept = ("retry-after", "link", "content-type")
            headers = {n: v for n, v in answer.headers.items() if n in kept}
            return Answer(answer.status_code, answer.content, headers)

        with scripted(
            lambda asked: meddle(len(server.asked), lambda: forward(asked))
        ) as server:
            yield server
