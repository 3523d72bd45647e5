"""Callers over HTTP: with a token a principal, without one the reader `public`."""

from dataclasses import dataclass
from time import monotonic

from fastapi import Request
from fastapi.security import HTTPBearer

from .auth import Principal, Tokens, Unauthorized
from .problem import Problem, unauthorized

PUBLISH = "tidlig:events.publish"
READ = "tidlig:initiatives.read"
OPERATIONS = "tidlig:operations"
# tells OpenAPI that a route takes a token; who calls is decided below
TAKES_TOKEN = HTTPBearer(
    auto_error=False,
    scheme_name="maskinporten",
    bearerFormat="JWT",
    description="An access token of Maskinporten; `consumer` tells the organisation.",
)


@dataclass
class Bucket:
    """A token bucket: `rate` requests a second, `burst` at once."""

    rate: float
    burst: float
    left: float
    since: float

    def take(self) -> float:
        """Take one; the seconds to wait where there is none, else 0."""
        now = monotonic()
        self.left = min(self.burst, self.left + (now - self.since) * self.rate)
        self.since = now
        if self.left < 1:
            return (1 - self.left) / self.rate
        self.left -= 1
        return 0.0


class Callers:
    """Tells who calls. Everybody without a token shares one rate."""

    def __init__(self, tokens: Tokens, public_rate: float = 50) -> None:
        self.tokens = tokens
        burst = public_rate * 2
        self.public = Bucket(public_rate, burst, burst, monotonic())

    async def principal(self, request: Request, scope: str) -> Principal:
        """The organisation that calls, with a scope. Raises `Problem` 401 or 403."""
        found = await self.anybody(request)
        if found is None:
            raise unauthorized("send a token: `Authorization: Bearer …`")
        allow(found, scope)
        return found

    async def reader(self, request: Request) -> Principal | None:
        """Who reads; None for `public`. Raises `Problem` 401, 403 or 429."""
        found = await self.anybody(request)
        if found is not None:
            allow(found, READ)
        elif wait := self.public.take():
            raise Problem(
                429,
                "too_many_requests",
                "readers without a token share a rate; wait, or send a token",
                headers={"Retry-After": str(int(wait) + 1)},
            )
        return found

    async def anybody(self, request: Request) -> Principal | None:
        """None without a token; one that proves nothing is refused everywhere."""
        header = request.headers.get("authorization")
        if header is None:
            return None
        kind, _, token = header.partition(" ")
        if kind.lower() != "bearer" or not token:
            raise unauthorized("send a token as `Authorization: Bearer …`")
        try:
            return await self.tokens.principal(token.strip())
        except Unauthorized as error:
            raise unauthorized(str(error)) from None


def allow(principal: Principal, scope: str) -> None:
    if scope not in principal.scopes:
        detail = f"the token lacks the scope {scope}"
        raise Problem(403, "insufficient_scope", detail)
