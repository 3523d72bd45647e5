"""Tokens: in Maskinporten's shape, and verified by what is published."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry, Token

from deploy.local import tokens
from deploy.local.folder import CHECKOUT

NAV, SIKT = "889640782", "919477822"


def verify(token: str, folder: Path) -> Token:
    tokens.publish(folder)
    keys = KeySet.import_key_set(json.loads((folder / "jwks.json").read_text()))
    return jwt.decode(token, keys, algorithms=["ES256"])


def test_a_token_is_verified_by_the_published_keys(tmp_path: Path) -> None:
    token = tokens.sign(tmp_path, NAV, "a b", supplier=SIKT)

    claims = verify(token, tmp_path).claims

    assert claims["consumer"]["ID"] == f"0192:{NAV}"
    assert claims["supplier"]["ID"] == f"0192:{SIKT}"
    assert (claims["iss"], claims["scope"]) == (tokens.ISSUER, "a b")


def test_a_token_ends(tmp_path: Path) -> None:
    token = tokens.sign(tmp_path, NAV, "a", lifetime=timedelta(seconds=-1))

    with pytest.raises(ExpiredTokenError):
        JWTClaimsRegistry().validate(verify(token, tmp_path).claims)


def test_the_key_of_another_folder_does_not_verify(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    token = tokens.sign(tmp_path / "other", NAV, "a")

    with pytest.raises(JoseError):
        verify(token, tmp_path)


def test_the_private_key_is_for_its_owner_and_not_published(tmp_path: Path) -> None:
    tokens.sign(tmp_path, NAV, "a")
    tokens.publish(tmp_path)

    assert (tmp_path / "issuer.json").stat().st_mode & 0o777 == 0o600
    assert '"d"' not in (tmp_path / "jwks.json").read_text()


def test_the_command_prints_the_token_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deploy.local", "token"]
    done = subprocess.run(  # noqa: S603 # our own command
        [*command, "--orgnr", NAV, "--scope", "a b"],
        env={"TIDLIG_LOCAL": str(tmp_path)},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert verify(done.stdout.strip(), tmp_path).claims["scope"] == "a b"
