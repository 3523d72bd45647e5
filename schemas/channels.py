"""Channels: `org:<orgnr>`, a line, `arena` while it has members, `public`."""

from typing import Annotated

from pydantic import StringConstraints

PUBLIC = "public"
LINES = ("state", "municipal")
ARENA = "arena"
ORGANISATION = "org:"

OrgChannel = Annotated[str, StringConstraints(pattern=r"^org:[0-9]{9}$")]
ReadableChannel = Annotated[
    str, StringConstraints(pattern=r"^(org:[0-9]{9}|state|municipal|public)$")
]


def organisation(orgnr: str) -> str:
    """The channel of one organisation."""
    return ORGANISATION + orgnr


def orgnr_in(channel: str) -> str | None:
    """The organisation a channel belongs to, or None."""
    if channel.startswith(ORGANISATION):
        return channel.removeprefix(ORGANISATION)
    return None


def in_order(text: str) -> tuple[str, ...] | None:
    """The values of an attribute: sorted, one space between, none twice.

    None where it is in another form.
    """
    values = text.split(" ")
    if "" in values or values != sorted(set(values)):
        return None
    return tuple(values)
