"""A service of Tidlig as a client sees it: its answers, its problems, its absence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ValidationError

from ..fact import Fault
from .errors import TokenRefused

# a callable is asked before every request, so that a token can be renewed
Token = str | Callable[[], str]
PROBLEM = "urn:tidlig:problem:"
TRY_AGAIN = frozenset({408, 425, 429})
CONNECT_SECONDS = 10.0


class Away(Exception):
    """No answer that settles anything; ask again, no sooner than after `asked` s.

    `broken` tells that the service itself failed on just this request.
    """

    def __init__(
        self, reason: str, *, asked: float | None = None, broken: bool = False
    ) -> None:
        super().__init__(reason)
        self.asked = asked
        self.broken = broken


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a service refuses: a stable code, what to mend, and where."""

    status: int
    code: str
    detail: str
    faults: tuple[Fault, ...] = ()

    def __str__(self) -> str:
        found = [f"{each.pointer or '/'}: {each.detail}" for each in self.faults]
        return f"{self.status} {self.code}: {self.detail}" + "".join(
            f"\n  {line}" for line in found
        )


class FaultBody(BaseModel):
    """A fault as a problem carries it."""

    code: str
    pointer: str
    detail: str


class ProblemBody(BaseModel):
    """A problem (RFC 9457) as the services of Tidlig write it."""

    type: str
    status: int
    detail: str
    faults: Sequence[FaultBody] = ()


class Service:
    """An address, a token, and a connection that is kept open."""

    def __init__(self, url: str, token: Token | None, *, seconds: float) -> None:
        """`seconds` is how long an answer may take. Raises ValueError for the URL."""
        self.token = token
        self.http = httpx.Client(
            base_url=safe(url),
            timeout=httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS)),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.http.close()

    @property
    def renews_its_token(self) -> bool:
        return callable(self.token)

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> httpx.Response:
        """The service's own answer. Raises `Away` or `TokenRefused`."""
        every = {**self.bearer(), **(headers or {})}
        try:
            answer = self.http.request(method, path, headers=every, **options)
        except httpx.RequestError as error:
            name = type(error).__name__
            raise Away(f"{self.http.base_url} is away ({name}: {error})") from error
        self.check(answer)
        return answer

    def bearer(self) -> dict[str, str]:
        if self.token is None:
            return {}
        try:
            token = self.token() if callable(self.token) else self.token
        except (httpx.HTTPError, OSError) as error:
            raise Away(f"no token to be had ({type(error).__name__})") from error
        return {"Authorization": f"Bearer {token.strip()}"}

    def check(self, answer: httpx.Response) -> None:
        """Raises `TokenRefused`, or `Away` for what may pass by itself."""
        status, problem = answer.status_code, problem_in(answer)
        is_scope = problem is not None and problem.code == "insufficient_scope"
        if status == 401 or is_scope:
            detail = "" if problem is None else f": {problem.detail}"
            raise TokenRefused(f"{self.http.base_url} refuses the token{detail}")
        if status in TRY_AGAIN or status >= 500:
            detail = "" if problem is None else f": {problem.detail}"
            raise Away(
                f"{self.http.base_url} answers {status}{detail}",
                asked=retry_after(answer),
                broken=status == 500,
            )


def safe(url: str) -> str:
    """The URL, if a token can be sent there. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no address; give https://…")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError(f"{url!r} would send the token in clear; use https")
    return url


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def problem_in(answer: httpx.Response) -> Problem | None:
    """The problem an answer holds; None for the page of somebody in between."""
    if answer.status_code < 400:
        return None
    try:
        body = ProblemBody.model_validate_json(answer.content)
    except ValidationError:
        return None
    if not body.type.startswith(PROBLEM):
        return None
    faults = tuple(Fault(each.code, each.pointer, each.detail) for each in body.faults)
    code = body.type.removeprefix(PROBLEM)
    return Problem(answer.status_code, code, body.detail, faults)


def retry_after(answer: httpx.Response) -> float | None:
    """The seconds that `Retry-After` asks for, in either of its forms (RFC 9110)."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
