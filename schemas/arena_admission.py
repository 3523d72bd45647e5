"""Admission of the arena's facts: who says them, of which item, in whose name."""

import re
from collections.abc import Iterator
from datetime import datetime

from pydantic import BaseModel

from . import channels, spoken, tracker
from .arena import ACTOR_PATTERN, ITEM_PATTERN, MEETING_PATTERN
from .arena_rows import AFTER_ISSUE
from .envelope import Event
from .fact import Fault
from .identity import PARTY_SOURCE_PATTERN, owner_of, speaker_of
from .mandate import Arena, Right
from .models import field_of
from .rulesets import RuleSet, oslo_day
from .silence import DutyOverdue, concerned
from .types import EventType

CONSULTATION = "urn:tidlig:consultation"
ITEM, MEETING = re.compile(ITEM_PATTERN), re.compile(MEETING_PATTERN)
ACTOR, PARTY = re.compile(ACTOR_PATTERN), re.compile(PARTY_SOURCE_PATTERN)
# what a meeting's own facts are; everything else is about an item
OF_MEETINGS = frozenset({"meeting", "minutes"})
# and what is said of both
OF_ANY = frozenset({"act", "readable", "received"})


def faults_in_arena(
    event: Event,
    row: EventType,
    rules: RuleSet,
    accepted: datetime,
    data: BaseModel | None,
) -> Iterator[Fault]:
    """What is wrong with the envelope of a fact of the arena."""
    attributes = event.attributes
    own = {k: v for k, v in attributes.items() if k != "subject"}
    yield from spoken.attribute_faults({**own, "subject": ""})
    if any(name not in attributes for name in ("source", "subject")):
        return
    yield from subject_faults(str(attributes["subject"]), row, rules)
    source = str(attributes["source"])
    if row.group == "line":
        yield from line_faults(source, attributes.get("actor"), rules)
        yield from mandate_faults(source, row, arena_in(event, rules), accepted)
    elif source != says(row):
        yield Fault("source", "/source", f"only {says(row)} says {row.name}")
    elif "actor" in attributes:
        yield Fault("actor", "/actor", "who acted stands in `data.actors`")
    if row.readers == "recipients":
        yield from recipient_faults(event, data, rules, accepted)
    else:
        yield from reader_faults(event, row, rules)
    if data is not None:
        yield from initiative_faults(data, speaker_of(source), rules)


def says(row: EventType) -> str:
    """Which of the tracker's services: delivery observes who reads."""
    of_reading = row.family in ("readable", "received")
    return tracker.DELIVERY if of_reading else CONSULTATION


def subject_faults(subject: str, row: EventType, rules: RuleSet) -> Iterator[Fault]:
    """An item or a meeting of an arena that the rule set knows."""
    found = (ITEM if row.family not in OF_MEETINGS else MEETING).fullmatch(subject)
    if not found and row.family not in OF_ANY:
        yield Fault("subject", "/subject", "item:<arena>:<n>-<yy>, or meeting:…")
    else:
        yield from any_subject_faults(subject, rules)


def any_subject_faults(subject: str, rules: RuleSet) -> Iterator[Fault]:
    """Any item or meeting of an arena that the rule set knows."""
    if not (ITEM.fullmatch(subject) or MEETING.fullmatch(subject)):
        yield Fault("subject", "/subject", "item:<arena>:<n>-<yy>, or meeting:…")
    elif subject.split(":")[1] not in rules.arenas:
        yield Fault("arena", "/subject", f"no arena of rule set {rules.number}")


def line_faults(source: str, actor: object, rules: RuleSet) -> Iterator[Fault]:
    """A body of a line speaks, through an actor of the same line."""
    line = rules.line_of(speaker_of(source)) if PARTY.fullmatch(source) else None
    if line is None:
        yield Fault("unknown_speaker", "/source", "no body of a line says this")
    elif not isinstance(actor, str) or not ACTOR.fullmatch(actor):
        yield Fault("actor", "/actor", "<line>:<role>:<random id> of who acted")
    elif not actor.startswith(f"{line}:"):
        yield Fault("actor", "/actor", f"{speaker_of(source)} acts for {line}")


def arena_in(event: Event, rules: RuleSet) -> Arena | None:
    """The arena that the subject names."""
    _, _, rest = str(event.attributes["subject"]).partition(":")
    return rules.arenas.get(rest.partition(":")[0])


def mandate_faults(
    source: str, row: EventType, arena: Arena | None, accepted: datetime
) -> Iterator[Fault]:
    """The mandate of the day lets the speaker do this; any body says its decision."""
    if arena is None or row.family == "decision":
        return
    right: Right = "secretariat" if row.family == "act" else "speaks"
    if not arena.may(speaker_of(source), right, oslo_day(accepted)):
        detail = f"on this day {speaker_of(source)} has no mandate ({right}) for this"
        yield Fault("mandate", "/source", detail)


def reader_faults(event: Event, row: EventType, rules: RuleSet) -> Iterator[Fault]:
    """The audience is the arena, and after advice was given whom it was given to."""
    attributes = event.attributes
    for name in ("visibility", "recipients"):
        if name in attributes:
            yield Fault(name, f"/{name}", "facts of the arena have an `audience`")
    audience = attributes.get("audience")
    values = channels.in_order(audience) if isinstance(audience, str) else None
    if values is None or channels.ARENA not in values:
        yield Fault("audience", "/audience", "sorted; the arena is always among them")
    elif len(values) > 1 and row.name not in AFTER_ISSUE:
        yield Fault(
            "audience", "/audience", "for the arena alone until advice is given"
        )
    else:
        yield from unknown_in(values, rules)


def recipient_faults(
    event: Event, data: BaseModel | None, rules: RuleSet, accepted: datetime
) -> Iterator[Fault]:
    """A duty is told to who has it, by the mandate of the day, and to the owners.

    That a channel could read, or a body has received, is told to that one alone.
    """
    for name in ("visibility", "audience"):
        if name in event.attributes:
            yield Fault(name, f"/{name}", "recipients say who reads it")
    arena = arena_in(event, rules)
    if data is None or arena is None:
        return
    if isinstance(data, DutyOverdue):
        told = concerned(data, arena, oslo_day(accepted))
    else:
        told = tuple(filter(None, [tracker.whom_it_concerns(data)]))
    if not told or event.attributes.get("recipients") != " ".join(told):
        yield Fault("recipients", "/recipients", "those whom it concerns, and no other")


def unknown_in(values: tuple[str, ...], rules: RuleSet) -> Iterator[Fault]:
    for value in values:
        orgnr = channels.orgnr_in(value)
        if orgnr is not None and not rules.knows(orgnr):
            yield Fault("unknown_organisation", "/audience", f"{orgnr} is not known")
        known = (channels.ARENA, channels.PUBLIC, *channels.LINES)
        if orgnr is None and value not in known:
            yield Fault("unknown_channel", "/audience", f"{value[:40]} is no channel")


def council_faults(data: BaseModel, speaker: str, rules: RuleSet) -> Iterator[Fault]:
    """A council decides under its own municipality's code, nobody else under any."""
    codes = field_of(data, "municipalities")
    own = rules.councils.get(speaker)
    if codes is not None and tuple(codes) != (() if own is None else (own,)):
        detail = f"{speaker} decides for its own municipality alone"
        yield Fault("not_the_council", "/data/municipalities", detail)


def initiative_faults(data: BaseModel, speaker: str, rules: RuleSet) -> Iterator[Fault]:
    """Every initiative that is named has an owner of a line."""
    for n, initiative in enumerate(field_of(data, "initiatives") or ()):
        if rules.line_of(owner_of(initiative)) is None:
            detail = f"{owner_of(initiative)} owns no initiative here"
            yield Fault("unknown_organisation", f"/data/initiatives/{n}", detail)
    yield from council_faults(data, speaker, rules)
    affected = field_of(data, "affected")
    for code in field_of(affected, "municipalities") if affected is not None else ():
        if not rules.knows_municipality(code):
            detail = f"{code} is no municipality of rule set {rules.number}"
            yield Fault("unknown_municipality", "/data/affected/municipalities", detail)
