"""A client for emitters and readers: say facts durably, follow what you may read.

    Emitter   says facts: kept in an outbox file first, then sent until answered
    Follower  gives what your organisation may read, from where you left off

Both are plain and blocking; use them from a thread where that does not suit.
"""

from .cursor_file import CursorFile
from .emitter import Emitter, Flushed
from .errors import (
    ClientError,
    CursorRefused,
    IdReused,
    NotFetched,
    NotSayable,
    NotSent,
    TokenRefused,
    WrongFile,
)
from .feed_event import FeedEvent
from .follower import Follower
from .outbox_file import OutboxFile, Said
from .service import Problem

__all__ = [
    "ClientError",
    "CursorFile",
    "CursorRefused",
    "Emitter",
    "FeedEvent",
    "Flushed",
    "Follower",
    "IdReused",
    "NotFetched",
    "NotSayable",
    "NotSent",
    "OutboxFile",
    "Problem",
    "Said",
    "TokenRefused",
    "WrongFile",
]
