"""The development issuer: tokens in Maskinporten's shape, which only we believe.

Its key is made once in `issuer.json` (0600); services get the public half from
`jwks.json`.
"""

import json
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from .folder import write_once, write_private

ISSUER = "https://utvikling.tidlig.invalid/"
ALGORITHM = "ES256"
HOUR = timedelta(hours=1)


def sign(
    folder: Path,
    orgnr: str,
    scope: str,
    *,
    supplier: str | None = None,
    actor: tuple[str, str] | None = None,
    lifetime: timedelta = HOUR,
) -> str:
    """A token that lets `orgnr` do what the scopes, parted by spaces, allow.

    With `supplier`, that organisation acts for it; `actor` is who acts in the joint
    arena, a role and a random id. Nothing of it is checked.
    """
    now = int(time.time())
    claims: dict[str, object] = {
        "iss": ISSUER,
        "iat": now,
        "exp": now + int(lifetime.total_seconds()),
        "jti": str(uuid4()),
        "scope": scope,
        "client_id": f"utvikling-{supplier or orgnr}",
        "consumer": party(orgnr),
    }
    if supplier:
        claims["supplier"] = party(supplier)
    if actor:
        claims["actor"] = {"role": actor[0], "id": actor[1]}
    key = issuer_key(folder)
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, key)


def party(orgnr: str) -> dict[str, str]:
    """An organisation as Maskinporten names it (ISO 6523)."""
    return {"authority": "iso6523-actorid-upis", "ID": f"0192:{orgnr}"}


def publish(folder: Path) -> str:
    """Write the issuer's public key; the URL of the file."""
    keys = KeySet([issuer_key(folder)]).as_dict(private=False)
    jwks = folder / "jwks.json"
    write_private(jwks, json.dumps(keys))
    return jwks.as_uri()


def issuer_key(folder: Path) -> ECKey:
    """The issuer's key, made at first use."""
    made = ECKey.generate_key("P-256", {"alg": ALGORITHM, "use": "sig"}, auto_kid=True)
    kept = write_once(folder / "issuer.json", json.dumps(made.as_dict(private=True)))
    return ECKey.import_key(json.loads(kept))
