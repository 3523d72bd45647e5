"""Tokens: who proves to be an organisation, and who does not."""

import asyncio
import base64
import json
from collections.abc import Callable
from pathlib import Path
from time import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from services.kit import auth
from services.kit.auth import KeysUnavailable, Tokens, Unauthorized
from tests.schemas.said import KS, NAV
from tests.stack import ISSUER, Issuer

Change = Callable[[str], str]


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The process's own clock, to be moved."""
    clock = [1_000.0]
    monkeypatch.setattr(auth, "monotonic", lambda: clock[0])
    return clock


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where keys were fetched, each time."""
    found: list[str] = []
    fetch = auth.fetch

    async def noted(location: str) -> KeySet:
        found.append(location)
        return await fetch(location)

    monkeypatch.setattr(auth, "fetch", noted)
    return found


def tokens_of(issuer: Issuer, **more: Any) -> Tokens:
    return Tokens(issuer=ISSUER, jwks=issuer.jwks, **more)


def file_of(issuer: Issuer) -> Path:
    return Path(issuer.jwks.removeprefix("file://"))


def publish(issuer: Issuer, *keys: Any) -> None:
    found = [key.as_dict(private=False) for key in keys]
    file_of(issuer).write_text(json.dumps({"keys": found}))


def claims(**other: Any) -> dict[str, Any]:
    now = int(time())
    consumer = {"authority": "iso6523-actorid-upis", "ID": f"0192:{NAV}"}
    said = {"iss": ISSUER, "iat": now, "exp": now + 60, "consumer": consumer}
    return said | {"scope": "a b"} | other


@pytest.fixture
def own(tmp_path: Path) -> Issuer:
    """An issuer whose keys may be exchanged."""
    return Issuer(tmp_path)


async def test_a_token_names_the_organisation_its_scopes_and_its_supplier(
    own: Issuer,
) -> None:
    token = own.token(NAV, "a b", supplier={"ID": f"0192:{KS}"})

    found = await tokens_of(own).principal(token)

    assert (found.orgnr, found.supplier) == (NAV, KS)
    assert found.scopes == {"a", "b"}


async def test_a_key_of_rsa_serves_as_well(own: Issuer) -> None:
    key = RSAKey.generate_key(2048, {"kid": "rsa", "alg": "RS256"})
    publish(own, key)
    token = jwt.encode({"alg": "RS256", "kid": "rsa"}, claims(), key)

    assert (await tokens_of(own).principal(token)).orgnr == NAV


def part(value: Any) -> str:
    text = json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


async def test_a_token_that_nobody_signed_proves_nothing(own: Issuer) -> None:
    tokens = tokens_of(own)
    for alg in ("none", "None", "NONE", ""):
        bare = f"{part({'alg': alg, 'kid': 'test'})}.{part(claims())}."
        with pytest.raises(Unauthorized):
            await tokens.principal(bare)


async def test_a_token_signed_with_the_published_key_as_a_secret_proves_nothing(
    own: Issuer,
) -> None:
    key = RSAKey.generate_key(2048, {"kid": "rsa", "alg": "RS256"})
    publish(own, key)
    forms = [key.as_pem(private=False), key.as_der(private=False)]
    tokens = tokens_of(own)

    for published in forms:
        secret = OctKey.import_key(base64.b64encode(published))
        head = {"alg": "HS256", "kid": "rsa"}
        forged = jwt.encode(head, claims(), secret, algorithms=["HS256"])
        with pytest.raises(Unauthorized):
            await tokens.principal(forged)


async def test_a_key_that_the_token_brings_along_proves_nothing(own: Issuer) -> None:
    mine = ECKey.generate_key("P-256", {"kid": "test", "alg": "ES256"})
    head = {"alg": "ES256", "kid": "test", "jwk": mine.as_dict(private=False)}

    with pytest.raises(Unauthorized):
        await tokens_of(own).principal(jwt.encode(head, claims(), mine))


CHANGES: list[tuple[str, Change]] = [
    ("nothing", lambda _: ""),
    ("no parts", lambda _: "abc"),
    ("dots", lambda _: ".."),
    ("another claim", lambda t: t.replace(t.split(".")[1], part(claims(scope="c")))),
    ("no object for a head", lambda t: f"{part([])}.{t.split('.', 1)[1]}"),
    ("a number for a key id", lambda _: f"{part({'alg': 'ES256', 'kid': 1})}.e30.e30"),
    ("no object for claims", lambda t: f"{t.split('.')[0]}.{part([])}.AAAA"),
    ("no base64", lambda t: t[:-4] + "\u00e6\u00f8\u00e5!"),
    ("cut off", lambda t: t[:-6]),
    ("very long", lambda t: t + "A" * 8_000),
]


@pytest.mark.parametrize(("what", "change"), CHANGES, ids=[what for what, _ in CHANGES])
async def test_a_token_that_was_tampered_with_is_refused_and_nothing_breaks(
    own: Issuer, what: str, change: Change
) -> None:
    with pytest.raises(Unauthorized) as refusal:
        await tokens_of(own).principal(change(own.token(NAV)))

    assert str(refusal.value), what


async def test_a_token_that_was_once_good_is_refused_when_it_has_expired(
    own: Issuer,
) -> None:
    wall = [time()]
    tokens = tokens_of(own, clock=lambda: wall[0])
    token = own.token(NAV, exp=int(wall[0]) + 30)
    await tokens.principal(token)

    wall[0] += 45
    with pytest.raises(Unauthorized, match="has expired"):
        await tokens.principal(token)


async def test_a_known_token_is_not_verified_anew(
    own: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens, token = tokens_of(own), own.token(NAV)
    first = await tokens.principal(token)
    monkeypatch.setattr(auth, "decoded", None)

    assert await tokens.principal(token) is first


async def test_tokens_that_are_remembered_never_fill_the_memory(
    own: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "REMEMBERED", 5)
    tokens = tokens_of(own)

    for n in range(20):
        await tokens.principal(own.token(NAV, jti=str(n)))

    assert len(tokens.remembered) <= 5


async def test_keys_are_fetched_once_for_many_who_call_at_once(
    own: Issuer, fetched: list[str]
) -> None:
    tokens = tokens_of(own)

    await asyncio.gather(
        *(tokens.principal(own.token(NAV, jti=str(n))) for n in range(20))
    )

    assert len(fetched) == 1


async def test_an_unknown_key_is_looked_up_at_most_once_in_five_minutes(
    own: Issuer, now: list[float], fetched: list[str]
) -> None:
    tokens = tokens_of(own)
    await tokens.principal(own.token(NAV))
    new = ECKey.generate_key("P-256", {"kid": "new", "alg": "ES256"})
    by_new = jwt.encode({"alg": "ES256", "kid": "new"}, claims(), new)
    publish(own, own.key, new)
    now[0] += 299
    for _ in range(3):
        with pytest.raises(Unauthorized, match="not known here"):
            await tokens.principal(by_new)
    before = len(fetched)

    now[0] += 2
    found = await tokens.principal(by_new)
    for n in range(5):
        strange = {"alg": "ES256", "kid": f"strange-{n}"}
        with pytest.raises(Unauthorized):
            await tokens.principal(jwt.encode(strange, claims(), new))

    assert before == 1
    assert found.orgnr == NAV
    assert len(fetched) == 2


async def test_a_key_that_was_withdrawn_is_trusted_for_an_hour_at_most(
    own: Issuer, now: list[float]
) -> None:
    tokens = tokens_of(own)
    await tokens.principal(own.token(NAV))
    publish(own, ECKey.generate_key("P-256", {"kid": "new", "alg": "ES256"}))

    now[0] += 3_601
    with pytest.raises(Unauthorized, match="not known here"):
        await tokens.principal(own.token(NAV, jti="another"))


async def test_without_keys_nobody_can_be_told_from_anybody(
    tmp_path: Path, own: Issuer, now: list[float], fetched: list[str]
) -> None:
    away = file_of(own).rename(tmp_path / "away.json")
    tokens = tokens_of(own)
    for _ in range(4):
        with pytest.raises(KeysUnavailable):
            await tokens.principal(own.token(NAV))
    at_once = len(fetched)
    away.rename(file_of(own))

    now[0] += 6
    found = await tokens.principal(own.token(NAV))

    assert at_once == 1
    assert found.orgnr == NAV


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"keys": [1]}', '{"keys": [{"kty": "none"}]}']
)
async def test_keys_that_cannot_be_read_are_as_good_as_none(
    own: Issuer, text: str
) -> None:
    token = own.token(NAV)
    file_of(own).write_text(text)

    with pytest.raises((KeysUnavailable, Unauthorized)):
        await tokens_of(own).principal(token)


async def test_old_keys_serve_while_new_ones_cannot_be_had(
    own: Issuer, now: list[float]
) -> None:
    tokens = tokens_of(own)
    await tokens.principal(own.token(NAV))
    file_of(own).unlink()

    now[0] += 4_000
    found = await tokens.principal(own.token(NAV, jti="later"))

    assert found.orgnr == NAV
