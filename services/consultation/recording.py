"""Facts of the arena as they lie on Kafka, and back again."""

import secrets
from collections.abc import Sequence
from typing import Any

import orjson

from schemas import channels
from schemas.admission import admit
from schemas.arena_admission import CONSULTATION
from schemas.envelope import PREFIX, SALT_BYTES, stamp, timestamp
from schemas.fact import Fact, Fault, Refusal
from schemas.identity import mark
from schemas.rulesets import RuleSet, oslo_day
from schemas.silence import DutyOverdue, concerned
from schemas.topics import ARENA, TRACKER, Topic
from services.kit.outbox import Outgoing

from .rules import Said

SYSTEM = "arena"
ARENA_ALONE = (channels.ARENA,)


def event_of(said: Said, id: str, rules: RuleSet) -> dict[str, Any]:
    """What is said, without what is added to it."""
    found: dict[str, Any] = {
        "specversion": "1.0",
        "id": id,
        "source": source_of(said),
        "type": f"{PREFIX}.{said.name}.v1",
        "subject": said.subject,
        "time": timestamp(said.at),
        "datacontenttype": "application/json",
        **read_by(said, rules),
    }
    if said.actor is not None:
        found["actor"] = said.actor
    return {**found, "data": said.data.model_dump(mode="json", exclude_none=True)}


def read_by(said: Said, rules: RuleSet) -> dict[str, str]:
    """The attribute that says who reads: a duty is told to those it concerns alone."""
    if not isinstance(said.data, DutyOverdue):
        return {"audience": " ".join(said.audience)}
    arena = rules.arenas[said.subject.split(":")[1]]
    return {"recipients": " ".join(concerned(said.data, arena, oslo_day(said.at)))}


def source_of(said: Said) -> str:
    """The body that speaks for itself, or consultation in the arena's name."""
    return CONSULTATION if said.org is None else f"urn:orgnr:{said.org}:{SYSTEM}"


def record_of(said: Said, id: str, rules: RuleSet) -> bytes:
    """The record: what is said, and what consultation stamps as intake does."""
    event = event_of(said, id, rules)
    data = orjson.dumps(event.pop("data"))
    return stamp(
        event,
        data,
        line=said.line,
        accepted=said.at,
        agreement=rules.agreement_at(said.at),
        ruleset=rules.number,
        salt=secrets.token_bytes(SALT_BYTES),
    )


def topic_of(name: str) -> Topic:
    """The tracker's own observations lie with its others."""
    return TRACKER if name in ("silence.noted", "duty.overdue") else ARENA


def outgoing(said: Said, record: bytes) -> Outgoing:
    return Outgoing(topic_of(said.name), said.subject.encode(), record)


def mark_of(said: Said, id: str) -> bytes:
    return mark(said.subject, source_of(said), id)


def said_in(fact: Fact) -> Said:
    """What a fact says."""
    actor = fact.attributes.get("actor")
    return Said(
        subject=fact.subject,
        name=fact.type.name,
        at=fact.accepted,
        data=fact.data,
        line=fact.line,
        org=None if fact.line is None else fact.speaker,
        actor=None if actor is None else str(actor),
        audience=fact.audience or ARENA_ALONE,
    )


class NotAdmitted(Exception):
    """A record of ours that no consumer would take: nothing of it may be said."""

    def __init__(self, name: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(name)
        self.faults = faults


def admitted(said: Said, record: bytes) -> Fact:
    """The record as every consumer reads it. Raises `NotAdmitted`."""
    key = said.subject.encode()
    verdict = admit(record, (), topic_of(said.name).name, key)
    if not isinstance(verdict, Fact):
        faults = verdict.faults if isinstance(verdict, Refusal) else ()
        raise NotAdmitted(said.name, faults)
    return verdict
