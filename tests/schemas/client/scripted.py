"""A real HTTP server that answers by a script: badly, late, half, or not at all."""

import json
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def events(self) -> list[Json]:
        told = json.loads(self.body)
        return told if isinstance(told, list) else [told]


@dataclass(frozen=True)
class Answer:
    """What is answered; `cut` bytes of the body are left out, None: no answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = 0


Rule = Callable[[Asked], Answer]
HANG_UP = Answer(cut=None)


@dataclass
class Scripted:
    """The server: first what `script` holds, then `rule` for all that follows."""

    url: str
    rule: Rule
    script: deque[Answer | Rule] = field(default_factory=deque)
    asked: list[Asked] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        found = self.script.popleft() if self.script else self.rule
        return found if isinstance(found, Answer) else found(asked)


@contextmanager
def scripted(rule: Rule) -> Iterator[Scripted]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self) -> None:
            parts = urlsplit(self.path)
            query = {name: each[0] for name, each in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            asked = Asked(self.command, parts.path, query, dict(self.headers), body)
            self.write(server.answer(asked))

        do_GET = do_POST = respond  # noqa: N815  # the library's names

        def write(self, answer: Answer) -> None:
            if answer.cut is None:
                reset(self.connection)
                self.close_connection = True
                return
            self.send_response(answer.status)
            headers = {"Content-Length": str(len(answer.body)), **answer.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body[: len(answer.body) - answer.cut])
            if answer.cut:
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Nothing on the terminal."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server = Scripted(f"http://127.0.0.1:{http.server_port}", rule)
    thread = Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def reset(connection: socket.socket) -> None:
    """Hang up so that the other side sees a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def as_json(status: int, body: Any, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(body).encode(), named)


def problem(status: int, code: str, detail: str = "mend it", **headers: str) -> Answer:
    body = {
        "type": f"urn:tidlig:problem:{code}",
        "title": "No",
        "status": status,
        "detail": detail,
    }
    return as_json(status, body, Content_Type="application/problem+json", **headers)


class IntakeOnPaper:
    """Takes what it is given, as intake does: the same identity once."""

    def __init__(self) -> None:
        self.accepted: list[Json] = []
        self.refuses: set[str] = set()
        self.breaks_on: set[str] = set()

    def __call__(self, asked: Asked) -> Answer:
        ids = {event["id"] for event in asked.events}
        if ids & self.breaks_on:
            return problem(500, "internal")
        if ids & self.refuses:
            return problem(422, "invalid_event", "a municipality is not known")
        known = [identity(event) for event in self.accepted]
        self.accepted += [e for e in asked.events if identity(e) not in known]
        return as_json(202, {"receipts": [receipt(e, known) for e in asked.events]})

    def ids(self, subject: str | None = None) -> list[str]:
        return [e["id"] for e in self.accepted if subject in (None, e["subject"])]


def identity(event: Json) -> tuple[str, str, str]:
    return (event["subject"], event["source"], event["id"])


def receipt(event: Json, known: list[tuple[str, str, str]]) -> Json:
    return {
        "receipt": f"r-{event['id']}",
        "status": "accepted",
        "subject": event["subject"],
        "source": event["source"],
        "id": event["id"],
        "accepted_before": identity(event) in known,
    }
