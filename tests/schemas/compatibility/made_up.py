"""Whether a made-up value shows what a writer may say and a reader refuses."""

from typing import Any

import jsonschema_rs

from schemas.compatibility.made_up import try_values
from schemas.compatibility.places import Document


class Shown(Exception):
    """A value that the writer's form allows and the reader's refuses."""


def refused_value(writer: Document, reader: Document, tries: int) -> Shown | None:
    """A value that shows that readers do not take all; None if none was found."""
    takes, may_say = (
        jsonschema_rs.validator_for(dict(schema), validate_formats=True)
        for schema in (reader, writer)
    )

    def attempt(value: Any) -> None:
        if may_say.is_valid(value) and not takes.is_valid(value):
            raise Shown(repr(value))

    try:
        try_values(writer, tries, attempt)
    except Shown as shown:
        return shown
    return None


def allowed_share(writer: Document, tries: int) -> float:
    """How many of the made-up values the schema itself allows, of 1."""
    may_say = jsonschema_rs.validator_for(dict(writer), validate_formats=True)
    found: list[bool] = []
    try_values(writer, tries, lambda value: found.append(may_say.is_valid(value)))
    return sum(found) / len(found)
