"""What the parties say during a fault run: drawn stories, each text with a canary.

The sayings are those of `tests.histories`; here they are emitted through intake, and
what the tracker says is left to the tracker.
"""

import re
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from random import Random
from typing import Any

import orjson

from schemas.identity import Ref
from tests.histories import Choices, Story, Teller, told_of
from tests.histories.cast import REAL
from tests.histories.drawn import SAYINGS, Saying
from tests.histories.telling import Data, home_of

Json = dict[str, Any]
BY_THE_TRACKER = ("tests.histories.trackers",)
BY_PARTIES: tuple[Saying, ...] = tuple(
    saying for saying in SAYINGS if saying.__module__ not in BY_THE_TRACKER
)
CANARY = re.compile(rb"kanari[a-p]{12}")
# bytes for choices: a story of so many sayings takes fewer
STORY_BYTES = 512


def canary(*where: object) -> str:
    """A text that is said once; letters alone, so that it is no number of anybody's."""
    digest = blake2b(repr(where).encode(), digest_size=6).hexdigest()
    return "kanari" + digest.translate(str.maketrans("0123456789abcdef", LETTERS))


LETTERS = "abcdefghijklmnop"


class Canaries(Choices):
    """Choices of which each word is a canary of its own."""

    def __init__(self, source: bytes, where: str) -> None:
        super().__init__(source)
        self.where = where

    def word(self) -> str:
        return canary(self.where, self.used, self.below(256))


@dataclass
class Emitting(Teller):
    """Tells a story as `Teller` does, and keeps each event as it is to be sent."""

    waiting: deque[Json] = field(default_factory=deque)
    # an embargo of these stories ends while the run goes on
    embargo: timedelta = timedelta(seconds=15)

    def say(self, speaker: str, name: str, data: Data, **attributes: Any) -> Ref:
        if "not_before" in data:
            ends = datetime.now(UTC) + self.embargo
            data = {**data, "not_before": ends.isoformat(timespec="seconds")}
        event = self.event(speaker, name, **attributes)
        self.put(home_of(speaker), self.stamped(event, orjson.dumps(data)))
        self.waiting.append({**event, "data": data})
        return Ref(event["source"], event["id"])


def story(seed: str, number: int, sayings: int = 12) -> deque[Json]:
    """The events of one initiative, in the order in which they are to be emitted."""
    where = f"{seed}/{number}"
    random = Random(where)  # noqa: S311  # no secret is made of it
    of = Canaries(random.randbytes(STORY_BYTES), where)
    owner = of.pick(REAL.owners)
    subject = f"{owner}:{canary('subject', where).removeprefix('kanari')}"
    unknown = Ref(f"urn:orgnr:{owner}:system", "never-said")
    teller = Emitting(subject, [])
    told = Story(owner, teller, [unknown])
    BY_PARTIES[0](of, told)
    told_of(of, told, sayings, BY_PARTIES)
    return teller.waiting
