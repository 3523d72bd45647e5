"""Who calls: a token in Maskinporten's shape becomes a principal.

Claims: `iss`, `exp`, `aud` when present, `scope`, `consumer.ID` = `0192:<orgnr>` (ISO
6523), `supplier` where a supplier speaks on an organisation's behalf.
"""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from pathlib import Path
from time import monotonic, time
from typing import Any, Self
from urllib.parse import urlsplit
from urllib.request import url2pathname

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from .settings import Surroundings

log = structlog.get_logger()

ROLE, ACTOR_ID = re.compile(r"[a-z][a-z_]{0,31}"), re.compile(r"[A-Za-z0-9_-]{1,64}")
ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "PS256"]
SKEW = timedelta(seconds=10)
LONGEST_TOKEN = 8_000
# an unknown key id is looked up at most this often
REFRESH = timedelta(minutes=5)
# a key that the issuer has withdrawn is trusted no longer than this
LONGEST_KEPT = timedelta(hours=1)
# an issuer that does not answer is asked at most this often
RETRY = timedelta(seconds=5)
REMEMBERED = 1_000


class Unauthorized(Exception):
    """There is a token, and it proves nothing. The text says what to mend."""


class KeysUnavailable(Exception):
    """The issuer's keys cannot be read: nobody can be told from anybody."""


@dataclass(frozen=True, slots=True)
class Principal:
    """An organisation that calls; `supplier` is the one that acts for it, if any.

    `actor` is who acts in the joint arena: a role and a random id, never a name.
    """

    orgnr: str
    scopes: frozenset[str]
    expires: float
    supplier: str | None = None
    actor: tuple[str, str] | None = None


class Tokens:
    """Verifies tokens against the issuer's published keys (JWKS).

    Keys are fetched at first, when a token names one that is not known, and hourly.
    """

    def __init__(
        self,
        *,
        issuer: str,
        jwks: str,
        audience: str | None = None,
        clock: Callable[[], float] = time,
    ) -> None:
        self.issuer = issuer
        self.jwks = jwks
        self.audience = audience
        self.clock = clock
        self.keys: KeySet | None = None
        self.fetched = -inf
        self.fetching = asyncio.Lock()
        self.remembered: dict[str, Principal] = {}

    @classmethod
    def of(cls, around: Surroundings) -> Self:
        """For the issuer that the settings name."""
        return cls(
            issuer=around.token_issuer,
            jwks=around.token_jwks,
            audience=around.token_audience,
        )

    async def principal(self, token: str) -> Principal:
        """Who the token's bearer is. Raises `Unauthorized`."""
        if len(token) > LONGEST_TOKEN:
            raise Unauthorized("the token is too long")
        known = self.remembered.get(token)
        if known is None:
            known = self.read(await self.claims(token))
            self.remember(token, known)
        if known.expires + SKEW.total_seconds() < self.clock():
            raise Unauthorized("the token has expired; fetch a new one")
        return known

    async def claims(self, token: str) -> Mapping[str, Any]:
        try:
            try:
                return decoded(token, await self.known_keys())
            except InvalidKeyIdError:
                return decoded(token, await self.known_keys(anew=True))
        except InvalidKeyIdError:
            raise Unauthorized(
                "the token was signed by a key that is not known here"
            ) from None
        except BadSignatureError:
            raise Unauthorized(
                "the token was altered or cut; copy the whole of it"
            ) from None
        except (JoseError, ValueError):
            raise Unauthorized("this is no token; ask your issuer for one") from None

    def read(self, claims: Mapping[str, Any]) -> Principal:
        now, skew = self.clock(), SKEW.total_seconds()
        expires, begins = number(claims, "exp"), number(claims, "nbf", "iat")
        if claims.get("iss") != self.issuer:
            raise Unauthorized(f"the token is not from {self.issuer}")
        if expires is None:
            raise Unauthorized("the token has no time of expiry")
        if begins is not None and begins - skew > now:
            raise Unauthorized("the token is not valid yet; check the clock")
        if "aud" in claims and not self.is_meant(claims["aud"]):
            raise Unauthorized("the token is meant for another audience")
        orgnr = orgnr_in(claims.get("consumer"))
        if orgnr is None:
            raise Unauthorized("the token names no organisation in `consumer.ID`")
        scopes = frozenset(str(claims.get("scope", "")).split())
        supplier, actor = (
            orgnr_in(claims.get("supplier")),
            actor_in(claims.get("actor")),
        )
        return Principal(orgnr, scopes, expires, supplier, actor)

    def is_meant(self, audience: object) -> bool:
        named = audience if isinstance(audience, list) else [audience]
        return self.audience is not None and self.audience in named

    def remember(self, token: str, principal: Principal) -> None:
        if len(self.remembered) >= REMEMBERED:
            self.remembered.clear()
        self.remembered[token] = principal

    async def known_keys(self, *, anew: bool = False) -> KeySet:
        """The issuer's keys; old ones serve where new ones cannot be had.

        Raises `KeysUnavailable` where there are none.
        """
        async with self.fetching:
            least = RETRY if self.keys is None else REFRESH if anew else LONGEST_KEPT
            if monotonic() - self.fetched > least.total_seconds():
                await self.fetch_keys()
                self.fetched = monotonic()
            if self.keys is None:
                raise KeysUnavailable
            return self.keys

    async def fetch_keys(self) -> None:
        try:
            self.keys = await fetch(self.jwks)
        except (OSError, httpx.HTTPError, ValueError, JoseError) as error:
            log.warning("keys_not_fetched", error=type(error).__name__)


def decoded(token: str, keys: KeySet) -> Mapping[str, Any]:
    return jwt.decode(token, keys, ALGORITHMS).claims


async def fetch(location: str) -> KeySet:
    """The keys at an https, loopback http or file URL. Raises what reading raises."""
    if urlsplit(location).scheme == "file":
        path = Path(url2pathname(urlsplit(location).path))
        text = await asyncio.to_thread(path.read_text)
    else:
        async with httpx.AsyncClient(timeout=5) as client:
            text = (await client.get(location)).raise_for_status().text
    match json.loads(text):
        case {"keys": list(keys)} if all(isinstance(key, dict) for key in keys):
            return KeySet.import_key_set({"keys": keys})
    raise ValueError("no set of keys")


def orgnr_in(party: object) -> str | None:
    """The organisation number of `{"ID": "0192:<orgnr>"}`."""
    found = party.get("ID") if isinstance(party, dict) else None
    if not isinstance(found, str) or not found.startswith("0192:"):
        return None
    orgnr = found.removeprefix("0192:")
    return orgnr if len(orgnr) == 9 and orgnr.isdigit() else None


def actor_in(claim: object) -> tuple[str, str] | None:
    """Role and id of `{"role": …, "id": …}`; None for anything else."""
    if not isinstance(claim, dict):
        return None
    role, given = claim.get("role"), claim.get("id")
    if not isinstance(role, str) or not isinstance(given, str):
        return None
    known = ROLE.fullmatch(role) and ACTOR_ID.fullmatch(given)
    return (role, given) if known else None


def number(claims: Mapping[str, Any], *names: str) -> float | None:
    """The first of the claims that is a number."""
    for name in names:
        value = claims.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None
