"""An event of the feed: typed where this client knows its type, raw in any case."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from ..admission import admit
from ..envelope import read
from ..fact import Fact, Newer, Refusal
from ..identity import mark, owner_of, speaker_of
from ..strict_json import NotStrict
from ..topics import PARTY_TOPICS, TRACKER
from ..types import TYPES_OF, EventType

IDENTITY = ("subject", "source", "id")


@dataclass(frozen=True)
class FeedEvent:
    """What somebody said, as it was accepted.

    `data` is the model of its type; None for a type that is newer than this client,
    whose content is in `raw`. Fields that a newer client knows are left out of it.
    `handled_before` tells that this state file has seen it: a page that was not
    finished, an initiative shared anew, or a feed that began again.
    """

    text: bytes
    attributes: Mapping[str, object]
    raw: Any
    type: EventType | None
    data: BaseModel | None
    handled_before: bool = False

    @property
    def subject(self) -> str:
        """The initiative's id."""
        return str(self.attributes["subject"])

    @property
    def source(self) -> str:
        return str(self.attributes["source"])

    @property
    def id(self) -> str:
        return str(self.attributes["id"])

    @property
    def identity(self) -> tuple[str, str, str]:
        return (self.subject, self.source, self.id)

    @property
    def type_name(self) -> str:
        """The type as it stands: `no.tidlig.<name>.v<version>`."""
        return str(self.attributes["type"])

    @property
    def owner(self) -> str:
        """The organisation whose initiative it is."""
        return owner_of(self.subject)

    @property
    def speaker(self) -> str:
        """Who says it: an organisation number, or the tracker's service."""
        return speaker_of(self.source)

    @property
    def time(self) -> datetime:
        """When it was said, by the speaker's own word."""
        return datetime.fromisoformat(str(self.attributes["time"]))

    @property
    def accepted(self) -> datetime:
        """When it was accepted, by intake's clock."""
        return datetime.fromisoformat(str(self.attributes["acceptedtime"]))

    @property
    def mark(self) -> bytes:
        """The identity as 24 bytes."""
        return mark(*self.identity)

    def admitted(self) -> Fact | Refusal | Newer:
        """Your own judgement of the record, by the rule set it names.

        It proves that the data are those that intake hashed; `Newer` where the rule
        set is newer than this client.
        """
        line = self.attributes.get("partyline")
        homes = (topic for name, topic in PARTY_TOPICS.items() if name == line)
        home = next(homes, TRACKER)
        return admit(self.text, (), home.name, self.subject.encode())


def feed_event(text: bytes) -> FeedEvent:
    """Read one event of the feed. Raises ValueError for what is none."""
    try:
        found = read(text)
    except NotStrict as error:
        raise ValueError(f"no event: {error}") from None
    if not all(isinstance(found.attributes.get(name), str) for name in IDENTITY):
        raise ValueError("an event without identity")
    row = known_types().get(str(found.attributes.get("type")))
    data = None if row is None else read_data(row, found.data_bytes or b"null")
    return FeedEvent(text, found.attributes, found.data, row, data)


def read_data(row: EventType, text: bytes) -> BaseModel | None:
    """`data` as its model; readers are open to fields that are added later."""
    try:
        return row.model.model_validate_json(text, extra="ignore")
    except ValidationError:
        return None


@cache
def known_types() -> dict[str, EventType]:
    return {
        name: row
        for number in sorted(TYPES_OF)
        for name, row in TYPES_OF[number].items()
    }
