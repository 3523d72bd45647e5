"""What other parties claim or dispute. It stands beside the owner's word."""

from typing import Literal

from pydantic import Field

from .initiative import LockKind
from .models import Data, Day, Decisions, Key, Language, Sentence, Text, TypedFactRef


class InitiativeLockClaimed(Data):
    """A party says that a step binds which the owner has not recorded, or not so.

    It stands beside the owner's locks and replaces none of them.
    """

    key: Key
    kind: LockKind
    date: Day
    closes: Decisions = ()
    seen_in: Sentence = Field(description="Where it is seen that the step binds.")
    note: Text | None = None


class InitiativeDisputed(Data):
    """A party disputes what is said: which fact, or which decisions are still open.

    Disputed values are reported as ranges; nobody's word is replaced.
    """

    key: Key
    about: Literal[
        "description", "scope", "open_decisions", "gate", "lock", "status", "money"
    ]
    disputed: TypedFactRef | None = Field(
        default=None, description="The fact that is disputed."
    )
    still_open: Decisions | None = Field(
        default=None, description="The decisions that this party holds to be open."
    )
    text: Text = Field(description="What is disputed, and why.")
    language: Language | None = None
