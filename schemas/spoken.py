"""Checks on what a speaker says: attributes, line, ownership, visibility."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from . import channels
from .envelope import ADDED_BY_INTAKE, REQUIRED, SPOKEN
from .fact import Fault
from .identity import (
    PARTY_SOURCE_PATTERN,
    SUBJECT_PATTERN,
    is_orgnr,
    owner_of,
    speaker_of,
)
from .national_id import holds_national_id, may_hold_national_id
from .rulesets import RuleSet
from .types import RESERVED, TYPES_OF, EventType

Attributes = Mapping[str, object]

TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})"
)
JSON_TYPE = re.compile(r"application/json(;\s*charset=utf-8)?", re.IGNORECASE)
SHAPES = {
    "id": r"[!-~]{1,128}",
    "dataschema": r"[!-~]{1,300}",
    "actor": r"[ -~]{1,200}",
    "correlationid": r"[!-~]{1,128}",
    "causationid": r"[!-~]{1,128}",
    "traceparent": r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}",
    "recipients": r"[!-~][ -~]{0,8000}",
    "audience": r"[!-~][ -~]{0,8000}",
    "visibility": r"own|named|shared|public",
}
HOLDING_TEXT = ("subject", "id", "source", "actor", "correlationid", "causationid")
COMPILED = {name: re.compile(shape) for name, shape in SHAPES.items()}
PARTY_SOURCE, SUBJECT = map(re.compile, (PARTY_SOURCE_PATTERN, SUBJECT_PATTERN))
# groups that no party says here, with who does
SAID_ELSEWHERE = {
    "tracker": "only the tracker says this; ",
    "line": "this is said in the joint arena; ",
    "arena": "this is said in the joint arena; ",
}
# a refusal because of who speaks, not of what is said
FORBIDDEN = frozenset(
    {"unknown_speaker", "no_line", "not_valid", "not_the_owner", "owner_may_not"}
)


def attribute_faults(attributes: Attributes) -> Iterator[Fault]:
    """What is wrong with the envelope before anyone asks who speaks."""
    for name in REQUIRED:
        if name not in attributes:
            yield Fault("missing", f"/{name}", f"`{name}` is required")
    for name in attributes:
        if name in ADDED_BY_INTAKE:
            yield Fault(
                "added_by_intake",
                f"/{name}",
                f"only intake adds `{name}`; leave it out",
            )
        elif name == "data_base64":
            yield Fault("data_base64", f"/{name}", "send JSON in `data` instead")
        elif name not in SPOKEN:
            yield Fault("unknown_attribute", f"/{name}", f"`{name}` is not known here")
    yield from shape_faults(attributes)


def shape_faults(attributes: Attributes) -> Iterator[Fault]:
    """Attributes whose value is not of the form that the contract gives."""
    if attributes.get("specversion", "1.0") != "1.0":
        yield Fault("specversion", "/specversion", 'CloudEvents "1.0" is spoken here')
    for name, shape in COMPILED.items():
        if name not in attributes:
            continue
        value = attributes[name]
        if not (isinstance(value, str) and shape.fullmatch(value)):
            yield Fault("ill_formed", f"/{name}", f"`{name}` matches {shape.pattern}")
    if "time" in attributes and moment(attributes["time"]) is None:
        yield Fault("time", "/time", "an RFC 3339 time with zone, as Z or +01:00")
    kind = attributes.get("datacontenttype", "application/json")
    if not (isinstance(kind, str) and JSON_TYPE.fullmatch(kind)):
        yield Fault("datacontenttype", "/datacontenttype", "only application/json")
    texts = [str(attributes.get(name, "")) for name in HOLDING_TEXT]
    if may_hold_national_id("\n".join(texts).encode(errors="replace")):
        for name, text in zip(HOLDING_TEXT, texts, strict=True):
            if holds_national_id(text):
                yield Fault("national_id", f"/{name}", "a national identity number")


def moment(text: object) -> datetime | None:
    """The moment that an RFC 3339 text with zone names; None for anything else."""
    if not isinstance(text, str) or not TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def party_faults(
    attributes: Attributes, rules: RuleSet, accepted: datetime
) -> Iterator[Fault]:
    """Who speaks of whose initiative, and whether they may."""
    source, subject = str(attributes["source"]), str(attributes["subject"])
    if not PARTY_SOURCE.fullmatch(source):
        yield Fault("source", "/source", "urn:orgnr:<nine digits>:<system>")
        return
    if not SUBJECT.fullmatch(subject):
        yield Fault(
            "subject",
            "/subject",
            "<owner's organisation number>:<local id of a-z 0-9 . _ ->",
        )
        return
    speaker, owner = speaker_of(source), owner_of(subject)
    yield from speaker_faults(speaker, rules, accepted)
    if owner != speaker:
        yield from owner_faults(owner, rules)
    name = str(attributes["type"])
    row = TYPES_OF[rules.number].get(name)
    if row is None and name in RESERVED:
        yield Fault("reserved", "/type", f"for {RESERVED[name]}; not taken yet")
        return
    if row is None or row.group in SAID_ELSEWHERE:
        only = SAID_ELSEWHERE[row.group] if row is not None else ""
        detail = f"{only}GET /types lists what can be said"
        yield Fault("unknown_type", "/type", detail)
        return
    # with a wrong number nobody can tell yet who speaks of whose initiative
    if is_orgnr(speaker) and is_orgnr(owner):
        yield from ownership_faults(row, speaker, owner)
    yield from reader_faults(attributes, row, rules)


def ownership_faults(row: EventType, speaker: str, owner: str) -> Iterator[Fault]:
    """Owners speak for themselves, other parties of what is not their own."""
    if row.group == "owner" and owner != speaker:
        yield Fault(
            "not_the_owner",
            "/source",
            f"{speaker} does not own this initiative; only {owner} says {row.name}",
        )
    if row.group == "other" and owner == speaker:
        yield Fault("owner_may_not", "/source", f"others say {row.name} to the owner")


def speaker_faults(speaker: str, rules: RuleSet, accepted: datetime) -> Iterator[Fault]:
    """An organisation speaks if the rule set knows it, with a line, on the day."""
    if not is_orgnr(speaker):
        yield Fault("orgnr", "/source", f"{speaker} fails the control digit (mod 11)")
    elif not rules.knows(speaker):
        yield Fault(
            "unknown_speaker",
            "/source",
            f"{speaker} is not in rule set {rules.number}; ask operations to add it",
        )
    elif rules.line_of(speaker) is None:
        yield Fault(
            "no_line", "/source", f"{speaker} belongs to neither line and only reads"
        )
    elif not rules.valid_at(speaker, accepted):
        yield Fault("not_valid", "/source", f"{speaker} is not in force on this day")


def owner_faults(owner: str, rules: RuleSet) -> Iterator[Fault]:
    """The owner that another party names must be one that can own."""
    if not is_orgnr(owner):
        yield Fault("orgnr", "/subject", f"{owner} fails the control digit (mod 11)")
    elif rules.line_of(owner) is None:
        yield Fault(
            "unknown_organisation", "/subject", f"{owner} owns no initiative here"
        )


def reader_faults(
    attributes: Attributes, row: EventType, rules: RuleSet
) -> Iterator[Fault]:
    """Visibility, recipients and audience, as the type allows them."""
    visibility = attributes.get("visibility", "shared")
    if visibility not in row.visibilities:
        allowed = ", ".join(row.visibilities)
        yield Fault("visibility", "/visibility", f"{row.name} is one of: {allowed}")
    if (visibility == "named") != ("recipients" in attributes):
        yield Fault(
            "recipients",
            "/recipients",
            "`recipients` and visibility `named` go together",
        )
    yield from list_faults(attributes, "recipients", rules)
    is_grant = row.name == "initiative.shared"
    if is_grant != ("audience" in attributes):
        yield Fault(
            "audience",
            "/audience",
            "say with whom: state, municipal, arena, public or org:<orgnr>"
            if is_grant
            else "only initiative.shared has an `audience`",
        )
    yield from list_faults(attributes, "audience", rules)


def list_faults(attributes: Attributes, name: str, rules: RuleSet) -> Iterator[Fault]:
    """A list in one string: sorted, one space between, none twice, all known."""
    text = attributes.get(name)
    if not isinstance(text, str):
        return
    values = channels.in_order(text)
    if values is None:
        yield Fault("order", f"/{name}", "sorted, one space between, none twice")
        return
    for value in values:
        if name == "recipients" or value.startswith(channels.ORGANISATION):
            orgnr = value.removeprefix(channels.ORGANISATION)
            if (name == "recipients" and orgnr != value) or not rules.knows(orgnr):
                yield Fault(
                    "unknown_organisation",
                    f"/{name}",
                    f"{value[:40]} is no organisation of rule set {rules.number}",
                )
        elif value == channels.ARENA and rules.arenas:
            continue
        elif value == channels.ARENA:
            detail = f"nobody takes part in an arena in rule set {rules.number}"
            yield Fault("no_members", f"/{name}", detail)
        elif value not in (*channels.LINES, channels.PUBLIC):
            yield Fault("unknown_channel", f"/{name}", f"{value[:40]} is no channel")
