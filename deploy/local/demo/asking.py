"""HTTP as a party's system should do it: again while a service is away.

Asking again does no harm: events keep their ids, and reading changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import stamina

Token = Callable[[str], str]
PASSING = (429, 503)


class Away(Exception):
    """The service asks to try again."""


@dataclass
class Asking:
    """A client of one service; each call names the organisation that calls."""

    url: str
    token: Token
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=40))

    def get(self, path: str, orgnr: str) -> httpx.Response:
        return self.ask("GET", path, orgnr)

    def post(self, path: str, orgnr: str, content: bytes, kind: str) -> httpx.Response:
        headers = {"Content-Type": kind}
        return self.ask("POST", path, orgnr, content=content, headers=headers)

    def ask(self, method: str, path: str, orgnr: str, **options: Any) -> httpx.Response:
        """The answer. Raises what httpx raises when patience ends."""
        bearer = {"Authorization": f"Bearer {self.token(orgnr)}"}
        headers = {**bearer, **options.pop("headers", {})}
        for attempt in stamina.retry_context(
            on=(httpx.TransportError, Away), attempts=60, timeout=30, wait_max=1
        ):
            with attempt:
                answer = self.client.request(
                    method, f"{self.url}{path}", headers=headers, **options
                )
                if answer.status_code in PASSING:
                    raise Away(f"{path} is answered {answer.status_code}")
        return answer
