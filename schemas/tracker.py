"""What the tracker itself observed and says: readable, received, share opened.

Its ids are derived from what was observed, so that saying it twice is once.
"""

import secrets
from collections.abc import Collection
from datetime import datetime
from hashlib import sha256
from typing import Annotated

import orjson
from pydantic import BaseModel, Field, StringConstraints

from .channels import OrgChannel, ReadableChannel, organisation
from .envelope import PREFIX, SALT_BYTES, stamp, timestamp
from .identity import (
    PARTY_SOURCE_PATTERN,
    TRACKER_SOURCE_PATTERN,
    Ref,
    is_of_arena,
    owner_of,
)
from .models import Data, FactRef, Naming, Sentence, TypedFactRef
from .national_id import holds_national_id
from .rulesets import NEWEST, ruleset

DELIVERY = "urn:tidlig:delivery"
MAX_FACTS_NAMED = 200


class InitiativeReadable(Data):
    """From this moment the channel's readers could read the facts that are named.

    `position` is sealed: it orders the availability log for the tracker and tells
    a reader nothing of what others may read.
    """

    channel: ReadableChannel
    facts: Annotated[
        tuple[TypedFactRef, ...], Field(min_length=1, max_length=MAX_FACTS_NAMED)
    ]
    position: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,128}$")]


class InitiativeReceived(Data):
    """A body has fetched the initiative and acknowledged it: its system has it."""

    body: OrgChannel


class ShareOpened(Data):
    """The embargo of a grant has passed, and the tracker has opened it."""

    grant: FactRef


class FactSetaside(Naming):
    """A fact that no service could ever apply has no effect from now on.

    It stays in the history, and may be reinstated.
    """

    reason: Sentence


class FactReinstated(Naming):
    """A fact that was set aside has its effect again."""

    reason: Sentence


class ObservedRef(TypedFactRef):
    """A fact of the same item or meeting; much of it is said in the arena's name."""

    source: Annotated[
        str,
        StringConstraints(pattern=f"{PARTY_SOURCE_PATTERN}|{TRACKER_SOURCE_PATTERN}"),
    ]


class ArenaReadable(InitiativeReadable):
    """From this moment the reader could read these facts of an item or a meeting.

    `position` is sealed, as that of an initiative's facts is.
    """

    facts: Annotated[
        tuple[ObservedRef, ...], Field(min_length=1, max_length=MAX_FACTS_NAMED)
    ]


class ArenaReceived(InitiativeReceived):
    """A body has fetched what it may read of an item or a meeting of the arena."""


def whom_it_concerns(data: BaseModel) -> str | None:
    """The channel that could read, or the body that has received."""
    if isinstance(data, InitiativeReadable):
        return data.channel
    return data.body if isinstance(data, InitiativeReceived) else None


Record = tuple[bytes, bytes]


def readable(
    subject: str,
    channel: str,
    facts: list[tuple[Ref, str]],
    position: str,
    at: datetime,
) -> Record:
    """Key and value of `initiative.readable`, or of `arena.readable`.

    `facts` are at most `MAX_FACTS_NAMED`, each with the name of its type.
    """
    return record(
        f"{aggregate_of(subject)}.readable",
        subject,
        id="readable-" + digest(channel, position),
        at=at,
        recipients=told_of_reading(subject, channel),
        data={"channel": channel, "facts": named(facts), "position": position},
    )


def received(subject: str, body: str, at: datetime) -> Record:
    """Key and value of `initiative.received`, or of `arena.received`.

    `body` is an organisation number.
    """
    return record(
        f"{aggregate_of(subject)}.received",
        subject,
        id=f"received-{body}",
        at=at,
        recipients=told_of_reading(subject, organisation(body)),
        data={"body": organisation(body)},
    )


def aggregate_of(subject: str) -> str:
    return "arena" if is_of_arena(subject) else "initiative"


def told_of_reading(subject: str, concerned: str) -> list[str]:
    """To whom it is said that a channel could read, or a body has received.

    Those themselves, and the owner; what is said in the arena has none.
    """
    owner = set() if is_of_arena(subject) else {organisation(owner_of(subject))}
    return sorted({concerned} | owner)


def share_opened(subject: str, grant: Ref, at: datetime) -> Record:
    """Key and value of `share.opened`."""
    return record(
        "share.opened",
        subject,
        id="opened-" + digest(grant.source, grant.id),
        at=at,
        recipients=(),
        data={"grant": ref_json(grant)},
    )


def set_aside(
    service: str,
    subject: str,
    fact: tuple[Ref, str],
    reason: str,
    at: datetime,
    turn: int,
) -> Record:
    """Key and value of `fact.setaside`, the `turn`th time for this fact.

    `fact` has the name of its type; `service` is the one that could not apply it.
    """
    return about("fact.setaside", service, subject, fact, reason, at, turn)


def reinstated(
    service: str,
    subject: str,
    fact: tuple[Ref, str],
    reason: str,
    at: datetime,
    turn: int,
) -> Record:
    """Key and value of `fact.reinstated`, after the `turn`th setting aside."""
    return about("fact.reinstated", service, subject, fact, reason, at, turn)


def about(
    name: str,
    service: str,
    subject: str,
    fact: tuple[Ref, str],
    reason: str,
    at: datetime,
    turn: int,
) -> Record:
    ref, type_name = fact
    return record(
        name,
        subject,
        id=f"{name.split('.')[1]}-{digest(ref.source, ref.id, str(turn))}",
        at=at,
        recipients=(),
        data={"fact": ref_json(ref), "type": type_name, "reason": reason},
        source=f"urn:tidlig:{service}",
    )


def record(
    name: str,
    subject: str,
    *,
    id: str,
    at: datetime,
    recipients: Collection[str],
    data: dict[str, object],
    source: str = DELIVERY,
) -> Record:
    attributes = {
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": f"{PREFIX}.{name}.v1",
        "subject": subject,
        "time": timestamp(at),
        "datacontenttype": "application/json",
    }
    if recipients:
        attributes["recipients"] = " ".join(sorted(recipients))
    value = stamp(
        attributes,
        orjson.dumps(data),
        line=None,
        accepted=at,
        agreement=ruleset(NEWEST).agreement_at(at),
        ruleset=NEWEST,
        salt=secrets.token_bytes(SALT_BYTES),
    )
    return subject.encode(), value


def named(facts: list[tuple[Ref, str]]) -> list[dict[str, str]]:
    return [{**ref_json(fact), "type": name} for fact, name in facts]


def ref_json(fact: Ref) -> dict[str, str]:
    return {"source": fact.source, "id": fact.id}


def digest(*parts: str) -> str:
    """The part of an id that is derived; never one that admission would refuse.

    Of random ones one in some thirty thousand holds what could be a national identity
    number: then it is derived once more.
    """
    found = sha256("\0".join(parts).encode()).hexdigest()[:32]
    while holds_national_id(found):
        found = sha256(found.encode()).hexdigest()[:32]
    return found
