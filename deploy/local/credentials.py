"""Passwords and keys of the local stack, all from one random root kept on disk."""

import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from pathlib import Path

from .folder import write_once

ADMIN = "postgres"
SEALING_KEY = "delivery sealing key"
SCORECARD_KEY = "consultation sealing key"


def secret(folder: Path, name: str) -> str:
    """The secret of that name: 32 bytes in base64url, the same every time.

    The root lies in `secrets.json` (0600); without it no password opens the data.
    """
    fresh = json.dumps({"root": secrets.token_urlsafe(32)})
    root: str = json.loads(write_once(folder / "secrets.json", fresh))["root"]
    return urlsafe_b64encode(
        hmac.digest(root.encode(), name.encode(), "sha256")
    ).decode()
