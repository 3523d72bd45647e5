"""Tokens of the development issuer, each used for some minutes."""

from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from deploy.local import tokens

SCOPES = "tidlig:events.publish tidlig:initiatives.read tidlig:operations"
USED_FOR = 300.0


@dataclass
class Bearers:
    """Who asks, as a header; `folder` is where the issuer keeps its key."""

    folder: Path
    signed: dict[str, tuple[float, str]] = field(default_factory=dict)

    def of(self, orgnr: str | None) -> dict[str, str]:
        """The header; none for the reader `public`."""
        if orgnr is None:
            return {}
        now = monotonic()
        at, token = self.signed.get(orgnr, (now - USED_FOR, ""))
        if now - at >= USED_FOR:
            token = tokens.sign(self.folder, orgnr, SCOPES)
            self.signed[orgnr] = now, token
        return {"Authorization": f"Bearer {token}"}
