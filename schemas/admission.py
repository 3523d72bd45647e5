"""Admission: whether a record is a fact, decided from the record alone.

The writer judges by its newest rule set and stamps its number; every consumer and
every rebuild judges by that number, for ever. So what intake has accepted takes
effect, and no consumer ever judges differently.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import cast

import orjson
from pydantic import BaseModel, ValidationError

from . import national_id, spoken
from .arena_admission import faults_in_arena
from .corrections import Correction, FactCorrected
from .envelope import (
    ADDED_BY_INTAKE,
    MAX_RECORD_BYTES,
    MEDIA_TYPE,
    PREFIX,
    Event,
    Visibility,
    read,
)
from .fact import Fact, Fault, Newer, Refusal
from .identity import (
    TRACKER_SOURCE_PATTERN,
    is_orgnr,
    owner_of,
    speaker_of,
)
from .models import FactRef, Naming, field_of
from .rulesets import NEWEST, RuleSet, ruleset
from .strict_json import NotStrict
from .topics import ARENA, PARTY_TOPICS, TRACKER, Line, Topic
from .tracker import told_of_reading, whom_it_concerns
from .types import TYPES_OF, EventType

Headers = Sequence[tuple[str, bytes | None]]
TRACKER_SOURCE = re.compile(TRACKER_SOURCE_PATTERN)
# grants are ended, corrections stand, and in the arena later acts answer earlier ones
NEVER_NAMED = ("grant", "named", "arena")
NAMING_A_FACT = ("request", "estimate", "disputed", "fact")
NAMING_ONE = frozenset({"believed_owner", "counterpart", *NAMING_A_FACT})
HASH = re.compile(r"[0-9a-f]{64}")
SALT = re.compile(r"[0-9a-f]{32}")


def admit(
    value: bytes | None, headers: Headers, topic: str, key: bytes | None
) -> Fact | Refusal | Newer:
    """Judge a record from Kafka or the archive. Pure; never raises.

    `topic` and `key` are judged too: a fact lies on its line's topic, under its
    initiative's id, or order within an initiative would not hold.
    """
    if value is None:
        return refused("tombstone", "", "a record without a value")
    if len(value) > MAX_RECORD_BYTES:
        return refused("too_large", "", f"more than {MAX_RECORD_BYTES} bytes")
    if not is_structured(headers):
        return refused("content_type", "", f"not {MEDIA_TYPE}")
    try:
        event = read(value)
    except NotStrict as error:
        return refused(error.code, error.pointer, error.detail)
    number = event.attributes.get("ruleset")
    if type(number) is not int or number < 1:
        return refused("ruleset", "/ruleset", "no rule set is named")
    if number > NEWEST:
        return Newer(number)
    return judge(event, ruleset(number), topic, key)


def judge(
    event: Event, rules: RuleSet, topic: str, key: bytes | None
) -> Fact | Refusal:
    """Judge an event with intake's additions by its rule set."""
    attributes = event.attributes
    said = {k: v for k, v in attributes.items() if k not in ADDED_BY_INTAKE}
    accepted = spoken.moment(attributes.get("acceptedtime"))
    if accepted is None:
        return refused("acceptedtime", "/acceptedtime", "no time of acceptance")
    from_party = not str(attributes.get("source")).startswith("urn:tidlig:")
    bare = Event(said, event.data, event.data_bytes)
    row = TYPES_OF[rules.number].get(str(attributes.get("type")))
    if row is not None and row.in_arena:
        faults, data = arena_faults_of(bare, row, rules, accepted)
    elif from_party:
        faults, data = faults_of(bare, rules, accepted)
    else:
        faults, data = tracker_faults_of(bare, rules)
    if not faults:
        faults = tuple(stamp_faults(event, rules, accepted, topic, key))
    if faults or data is None:
        return Refusal(faults)
    return fact_of(event, data, accepted)


def faults_of(
    event: Event, rules: RuleSet, accepted: datetime
) -> tuple[tuple[Fault, ...], BaseModel | None]:
    """What is wrong with what a party says, and its `data` where nothing is.

    The same function judges at intake, before anything is added.
    """
    faults = list(spoken.attribute_faults(event.attributes))
    if not any(fault.code == "missing" for fault in faults):
        faults += spoken.party_faults(event.attributes, rules, accepted)
    data, wrong = read_data(event, rules)
    return tuple(faults + wrong), data


def read_data(event: Event, rules: RuleSet) -> tuple[BaseModel | None, list[Fault]]:
    """`data` as the type's model, or what is wrong with it."""
    if event.data_bytes is None:
        return None, [Fault("missing", "/data", "`data` is required")]
    faults = list(national_id_faults(event))
    row = TYPES_OF[rules.number].get(str(event.attributes.get("type")))
    if row is None:
        return None, faults
    try:
        data = row.model.model_validate_json(event.data_bytes)
    except ValidationError as error:
        return None, faults + [fault_in(detail) for detail in error.errors()]
    faults += reference_faults(event, data, rules)
    if isinstance(data, Naming):
        faults += naming_faults(event, data, rules)
    return data, faults


def national_id_faults(event: Event) -> Iterator[Fault]:
    if national_id.may_hold_national_id(event.data_bytes or b""):
        for pointer in national_id.places(event.data, "/data"):
            yield Fault("national_id", pointer, "holds a national identity number")


def fault_in(error: object) -> Fault:
    """A pydantic error as a fault; what was sent is not repeated."""
    found = cast("dict[str, object]", error)
    steps = cast("tuple[str | int, ...]", found["loc"])
    pointer = "".join(f"/{national_id.escaped(str(step))}" for step in steps)
    return Fault(str(found["type"]), "/data" + pointer, str(found["msg"]))


def reference_faults(event: Event, data: BaseModel, rules: RuleSet) -> Iterator[Fault]:
    """Municipality codes that are known, and grants that the speaker can name."""
    changes = field_of(data, "changes")
    holder, base = (
        (data, "/data")
        if not isinstance(changes, BaseModel)
        else (changes, "/data/changes")
    )
    for index, code in enumerate(field_of(holder, "municipalities") or ()):
        if not rules.knows_municipality(code):
            yield Fault(
                "unknown_municipality",
                f"{base}/municipalities/{index}",
                f"{code} is no municipality of rule set {rules.number}",
            )
    grant = field_of(data, "grant")
    owner = owner_of(str(event.attributes.get("subject")))
    if grant is not None and speaker_of(grant.source) != owner:
        yield Fault("grant", "/data/grant/source", "a grant is the owner's own fact")
    yield from organisation_faults(data, rules)


def organisation_faults(data: BaseModel, rules: RuleSet) -> Iterator[Fault]:
    """Every organisation that is named is one that the rule set knows."""
    for pointer, orgnr in organisations_named(data):
        if not rules.knows(orgnr):
            detail = f"{orgnr} is no organisation of rule set {rules.number}"
            yield Fault("unknown_organisation", pointer, detail)
        elif pointer == "/data/with" and rules.line_of(orgnr) is None:
            detail = f"{orgnr} owns no initiative here"
            yield Fault("unknown_organisation", pointer, detail)


def organisations_named(data: BaseModel) -> Iterator[tuple[str, str]]:
    """Organisation numbers in what is said, each with where it stands."""
    if not may_name_organisations(type(data)):
        return
    if (believed := field_of(data, "believed_owner")) is not None:
        yield "/data/believed_owner", believed
    if (other := field_of(data, "counterpart")) is not None:
        yield "/data/with", owner_of(other)
    for name in NAMING_A_FACT:
        if isinstance(ref := field_of(data, name), FactRef):
            yield f"/data/{name}/source", speaker_of(ref.source)


@cache
def may_name_organisations(model: type[BaseModel]) -> bool:
    return not NAMING_ONE.isdisjoint(model.model_fields)


def naming_faults(event: Event, data: Naming, rules: RuleSet) -> Iterator[Fault]:
    """Only a party's own fact can be named, and of the types that can be put right."""
    row = TYPES_OF[rules.number].get(f"{PREFIX}.{data.type}.v1")
    if row is None or row.group == "tracker" or row.readers in NEVER_NAMED:
        detail = "no type that can be named; grants are ended, corrections stand"
        yield Fault("type", "/data/type", detail)
        return
    if not isinstance(data, Correction):
        return
    if speaker_of(data.fact.source) != speaker_of(str(event.attributes.get("source"))):
        yield Fault("not_the_speaker", "/data/fact/source", "correct your own facts")
    if isinstance(data, FactCorrected):
        yield from corrected_faults(event, data, row, rules)


def corrected_faults(
    event: Event, data: FactCorrected, row: EventType, rules: RuleSet
) -> Iterator[Fault]:
    """What is put in place is judged as what it replaces was."""
    try:
        inner = row.model.model_validate_json(orjson.dumps(data.data))
    except ValidationError as error:
        wrong: Iterable[Fault] = [fault_in(detail) for detail in error.errors()]
    else:
        wrong = reference_faults(event, inner, rules)
    for fault in wrong:
        yield replace(fault, pointer="/data" + fault.pointer)


def arena_faults_of(
    event: Event, row: EventType, rules: RuleSet, accepted: datetime
) -> tuple[tuple[Fault, ...], BaseModel | None]:
    """What is wrong with what is said in the arena."""
    data, wrong = read_data(event, rules)
    faults = [*faults_in_arena(event, row, rules, accepted, data)]
    return tuple(faults + wrong), data


def tracker_faults_of(
    event: Event, rules: RuleSet
) -> tuple[tuple[Fault, ...], BaseModel | None]:
    """What is wrong with what claims to be the tracker's own observation."""
    said = {k: v for k, v in event.attributes.items() if k != "recipients"}
    faults = list(spoken.attribute_faults(said))
    row = TYPES_OF[rules.number].get(str(said.get("type")))
    if row is None or row.group != "tracker":
        faults.append(Fault("unknown_type", "/type", "no type of the tracker"))
    if not TRACKER_SOURCE.fullmatch(str(said.get("source"))):
        faults.append(Fault("source", "/source", "urn:tidlig:<service>"))
    subject = str(said.get("subject"))
    if not spoken.SUBJECT.fullmatch(subject) or not is_orgnr(owner_of(subject)):
        faults.append(Fault("subject", "/subject", "no initiative id"))
    if said.keys() & {"visibility", "audience"}:
        faults.append(Fault("visibility", "/visibility", "recipients say who reads"))
    data, wrong = read_data(event, rules)
    if data is not None and not faults:
        faults += recipient_faults(event, data)
    return tuple(faults + wrong), data


def recipient_faults(event: Event, data: BaseModel) -> Iterator[Fault]:
    """*Readable* and *received* name the owner and the channel or body concerned."""
    concerned = whom_it_concerns(data)
    subject = str(event.attributes["subject"])
    told = () if concerned is None else told_of_reading(subject, concerned)
    expected = " ".join(told) or None
    if event.attributes.get("recipients") != expected:
        yield Fault("recipients", "/recipients", "the owner and whom it concerns")


def stamp_faults(
    event: Event, rules: RuleSet, accepted: datetime, topic: str, key: bytes | None
) -> Iterator[Fault]:
    """What intake added, the topic and the key must agree with what was said."""
    attributes = event.attributes
    line = rules.line_of(speaker_of(str(attributes["source"])))
    if attributes.get("partyline") != line:
        yield Fault("partyline", "/partyline", "not the line of the speaker")
    home = home_of(TYPES_OF[rules.number][str(attributes["type"])], line)
    if topic != home.name:
        yield Fault("topic", "", f"lies on {topic[:80]}, belongs on {home.name}")
    if key != str(attributes["subject"]).encode():
        yield Fault("key", "", "the record's key is not the initiative's id")
    if attributes.get("agreementid") != rules.agreement_at(accepted):
        yield Fault("agreementid", "/agreementid", "not the agreement in force")
    salt, digest = str(attributes.get("datasalt")), str(attributes.get("datahash"))
    if not (SALT.fullmatch(salt) and HASH.fullmatch(digest)):
        yield Fault("datahash", "/datahash", "no salt or hash of the data")
    elif sha256(bytes.fromhex(salt) + (event.data_bytes or b"")).hexdigest() != digest:
        yield Fault("datahash", "/datahash", "the data are not those that were hashed")


def home_of(row: EventType, line: Line | None) -> Topic:
    """The topic on which facts of a type lie, said by somebody of this line."""
    if row.group in ("line", "arena"):
        return ARENA
    return TRACKER if line is None else PARTY_TOPICS[line]


def fact_of(event: Event, data: BaseModel, accepted: datetime) -> Fact:
    """The fact; everything has been checked."""
    said = cast("dict[str, str]", event.attributes)
    return Fact(
        subject=said["subject"],
        source=said["source"],
        id=said["id"],
        type=TYPES_OF[cast("int", event.attributes["ruleset"])][said["type"]],
        time=datetime.fromisoformat(said["time"]),
        speaker=speaker_of(said["source"]),
        line=cast("Line | None", said.get("partyline")),
        visibility=cast("Visibility", said.get("visibility", "shared")),
        recipients=values_of(said.get("recipients")),
        audience=values_of(said.get("audience")),
        accepted=accepted,
        agreement=said["agreementid"],
        ruleset=cast("int", event.attributes["ruleset"]),
        data=data,
        said=event.data,
        data_bytes=event.data_bytes or b"",
        attributes=event.attributes,
    )


def values_of(text: str | None) -> tuple[str, ...]:
    return () if text is None else tuple(text.split(" "))


def is_structured(headers: Headers) -> bool:
    """The Kafka binding tells the mode by the content type alone."""
    for name, value in headers:
        if name.lower() == "content-type":
            return (value or b"").lower().startswith(MEDIA_TYPE.encode())
    return True


def refused(code: str, pointer: str, detail: str) -> Refusal:
    return Refusal((Fault(code, pointer, detail),))
