"""Every error that the client raises by itself.

ClientError
├── NotSayable     what you say is wrong; nothing was kept
├── IdReused       the id was used before for other content; nothing was kept
├── NotSent        intake did not take it in time; it is kept, and waits
├── NotFetched     delivery did not answer in time; the cursor stands where it stood
├── TokenRefused   the token proves nothing, or lacks a scope; nothing is lost
├── CursorRefused  the stored cursor is not this reader's
└── WrongFile      the file is something else than the client's own
"""

from collections.abc import Sequence

from ..fact import Fault


class ClientError(Exception):
    """Whatever the client raises by itself."""


class NotSayable(ClientError):
    """What is said breaks the contract: `faults` point at what to mend."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        said = "; ".join(f"{each.pointer or '/'}: {each.detail}" for each in faults)
        super().__init__(said)
        self.faults = tuple(faults)


class IdReused(ClientError):
    """An id that was used before, for other content."""

    def __init__(self, id: str) -> None:
        super().__init__(f"{id} was used before for other content; take a new id")
        self.id = id


class NotSent(ClientError):
    """`waiting` events are still in the outbox; `reason` is the last trouble."""

    def __init__(self, waiting: int, reason: str) -> None:
        super().__init__(
            f"{waiting} event(s) wait in the outbox, none is lost: {reason}; "
            "flush again, or let it send in the background"
        )
        self.waiting = waiting
        self.reason = reason


class NotFetched(ClientError):
    """The feed could not be read in time."""


class TokenRefused(ClientError):
    """The service does not accept the token; renew it, or ask for the scope."""


class CursorRefused(ClientError):
    """The stored cursor belongs to another reader, or was changed."""


class WrongFile(ClientError):
    """A file that the client did not make, or that a newer client made."""
