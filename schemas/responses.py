"""What other parties say about an initiative. It never changes the owner's words."""

from typing import Annotated, Literal

from pydantic import Field

from .models import Data, Key, Language, Sentence, Text


class InitiativeAcknowledged(Data):
    """A body confirms that the initiative has reached the right desk."""

    reader_role: Sentence = Field(description="The role that has read it.")
    note: Text | None = None


class ResponseSubmitted(Data):
    """A body's view of the initiative, and what it would take to support it."""

    key: Key
    position: Literal["supports", "supports_with_conditions", "neutral", "opposes"]
    text: Text
    conditions: Annotated[tuple[Sentence, ...], Field(max_length=50)] = ()
    language: Language | None = None
