"""Where the next page begins: what a page gave, and nothing that was made up."""

from base64 import b64decode, urlsafe_b64encode
from dataclasses import asdict
from typing import Annotated

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from .store import PLACE_BYTES, Stands


class Coordinates(BaseModel):
    """A fact's coordinates as `next` carries them, held to what Postgres can hold."""

    model_config = ConfigDict(extra="forbid", strict=True)

    appended: AwareDatetime
    topic: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]{1,100}$")]
    partition: Annotated[int, Field(ge=0, lt=2**31)]
    offset: Annotated[int, Field(ge=0, lt=2**63)]


def after_place(place: bytes) -> str:
    """`next` of a page of initiatives: the place of its last one."""
    return urlsafe_b64encode(place).decode()


def place_in(text: str) -> bytes:
    """The place again. Raises ValueError for anything that `after_place` never gave."""
    place = decoded(text)
    if len(place) != PLACE_BYTES:
        raise ValueError("of another length")
    return place


def after_fact(stands: Stands) -> str:
    """`next` of a page of facts: where its last one, which the reader has, stands."""
    return urlsafe_b64encode(orjson.dumps(asdict(stands))).decode()


def stands_in(text: str) -> Stands:
    """The coordinates again. Raises ValueError for anything else."""
    found = Coordinates.model_validate_json(decoded(text))
    if not 1970 <= found.appended.year < 9999:
        raise ValueError("no append time")
    return Stands(found.appended, found.topic, found.partition, found.offset)


def decoded(text: str) -> bytes:
    return b64decode(text, altchars=b"-_", validate=True)
