"""The envelope as two documents: what a speaker sends, and what is kept and read."""

from typing import Any

from ..envelope import REQUIRED
from ..published.events import ALWAYS_ADDED, added, attributes
from .forms import READ_EXACTLY

SAID, KEPT = "envelope.said", "envelope.kept"
# words that decide who may read and which line spoke: none may be guessed at
EXACT = ("visibility", "partyline")


def envelopes() -> dict[str, dict[str, Any]]:
    """The attributes of an event by their form, before intake and after it."""
    said = {name: dict(schema) for name, schema in attributes().items()}
    kept = {**said, **{name: dict(schema) for name, schema in added().items()}}
    for name in EXACT:
        kept[name][READ_EXACTLY] = True
    return {
        SAID: document(said, [*REQUIRED]),
        KEPT: document(kept, [*REQUIRED, *ALWAYS_ADDED]),
    }


def document(
    properties: dict[str, dict[str, Any]], required: list[str]
) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**properties, "data": {"type": "object"}},
        "required": [*required, "data"],
        "additionalProperties": False,
    }
