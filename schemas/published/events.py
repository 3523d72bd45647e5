"""The JSON Schemas of whole events: the envelope, and each type's `data` in it."""

from collections.abc import Iterable
from typing import Any

from .. import spoken
from ..arena import ACTOR_PATTERN, ITEM_PATTERN, MEETING_PATTERN
from ..compatibility.forms import with_dialect
from ..envelope import ADDED_BY_INTAKE, REQUIRED
from ..identity import PARTY_SOURCE_PATTERN, SUBJECT_PATTERN, TRACKER_SOURCE_PATTERN
from ..types import TYPES, EventType
from .shapes import Schema, inlined, reader, writer

MEANS = {
    "specversion": "The version of CloudEvents.",
    "id": "The speaker's own; the same event sent again keeps its id and time.",
    "source": "Who speaks, and from which system: `urn:orgnr:<number>:<system>`.",
    "type": "What is said.",
    "subject": "The initiative: `<owner's organisation number>:<local id>`.",
    "time": "When the speaker says that it happened, with zone.",
    "datacontenttype": "JSON, also when it is left out.",
    "dataschema": "Where the schema of `data` is found; not looked up.",
    "visibility": "own, named (`recipients`), shared (also if left out) or public.",
    "recipients": "Organisation numbers, sorted, one space between.",
    "audience": "Whom a grant lets read: state, municipal, public or org:<number>, "
    "sorted, one space between.",
    "actor": "Which system or role acted, for the speaker's own use; never a person.",
    "correlationid": "The speaker's own thread of events.",
    "causationid": "The event that this one answers.",
    "traceparent": "W3C Trace Context.",
    "partyline": "Added by intake: the speaker's line; absent for the tracker.",
    "acceptedtime": "Added by intake: when it was accepted.",
    "agreementid": "Added by intake: the agreement in force, or outside_agreement.",
    "ruleset": "Added by intake: the number of the rule set that judged it.",
    "datasalt": "Added by intake: 16 random bytes in hex.",
    "datahash": "Added by intake: SHA-256 of the salt and the bytes of `data`.",
}
ADDED: dict[str, Schema] = {
    "partyline": {"enum": ["state", "municipal"]},
    "acceptedtime": {"type": "string", "format": "date-time"},
    "agreementid": {"type": "string"},
    "ruleset": {"type": "integer", "minimum": 1},
    "datasalt": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    "datahash": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
}
# the tracker is of no line
ALWAYS_ADDED = [name for name in ADDED_BY_INTAKE if name != "partyline"]
GRANT = "initiative.shared"
# the initiative, or the arena's item or meeting
ANY_SUBJECT = f"{SUBJECT_PATTERN}|{ITEM_PATTERN}|{MEETING_PATTERN}"


def attributes() -> dict[str, Schema]:
    """Every attribute that a speaker gives, by the form that admission asks for."""
    texts = {
        name: {"type": "string", "pattern": f"^(?:{shape})$"}
        for name, shape in spoken.SHAPES.items()
        if name != "visibility"
    }
    found: dict[str, Schema] = {
        **texts,
        "specversion": {"const": "1.0"},
        "source": {"type": "string"},
        "type": {"type": "string"},
        "subject": {"type": "string", "pattern": SUBJECT_PATTERN},
        "time": {
            "type": "string",
            "format": "date-time",
            "pattern": f"^{spoken.TIME.pattern}$",
        },
        "datacontenttype": {
            "type": "string",
            "pattern": r"^application/json(;\s*charset=utf-8)?$",
        },
        "visibility": {"enum": ["own", "named", "shared", "public"]},
    }
    return {name: described(name, found[name]) for name in MEANS if name in found}


def described(name: str, schema: Schema) -> Schema:
    return {**schema, "description": MEANS[name]}


def event_written(row: EventType) -> Schema:
    """An event of this type as an emitter sends it: nothing else may stand in it."""
    found = attributes() | of_type(row)
    if row.visibilities:
        choice = described("visibility", {"enum": list(row.visibilities)})
        found["visibility"] = choice
    else:
        del found["visibility"]
    required = [*REQUIRED, "data"]
    if row.readers == "arena":
        del found["recipients"]
        required += ["audience", *(["actor"] if row.group == "line" else [])]
    elif row.in_arena:
        del found["audience"]
        required.append("recipients")
    elif row.name == GRANT:
        required.append("audience")
    else:
        del found["audience"]
    return {
        "type": "object",
        "title": row.full_name,
        "required": required,
        "additionalProperties": False,
        "properties": {**found, "data": inlined(writer(row))},
    }


def event_read(row: EventType) -> Schema:
    """An event of this type as a reader gets it, with what intake has added."""
    return {
        "type": "object",
        "title": row.full_name,
        "required": [*REQUIRED, *ALWAYS_ADDED, "data"],
        "properties": {
            **attributes(),
            **of_type(row),
            **added(),
            "data": inlined(reader(row)),
        },
    }


def of_type(row: EventType) -> dict[str, Schema]:
    """The attributes that tell the type and who may say it."""
    by_us = row.group in ("tracker", "arena")
    pattern = TRACKER_SOURCE_PATTERN if by_us else PARTY_SOURCE_PATTERN
    of_arena: dict[str, Schema] = {}
    if row.in_arena:
        subject = {"type": "string", "pattern": f"{ITEM_PATTERN}|{MEETING_PATTERN}"}
        of_arena = {"subject": described("subject", subject)}
        if row.group == "line":
            actor = {"type": "string", "pattern": ACTOR_PATTERN}
            of_arena["actor"] = described("actor", actor)
    return of_arena | {
        "source": described("source", {"type": "string", "pattern": pattern}),
        "type": described("type", {"const": row.full_name}),
        # the tracker names channels where parties name organisations
        "recipients": described(
            "recipients",
            {"type": "string", "pattern": f"^(?:{spoken.SHAPES['recipients']})$"},
        ),
    }


def added() -> dict[str, Schema]:
    return {name: described(name, schema) for name, schema in ADDED.items()}


def any_written(rows: Iterable[EventType]) -> Schema:
    """Any event that an organisation may send, whatever its type."""
    return {
        "title": "An event, as an emitter sends it",
        "anyOf": [
            event_written(row) for row in rows if row.group not in spoken.SAID_ELSEWHERE
        ],
    }


def any_read() -> Schema:
    """Any event of the feed. A type that is not named here is newer: skip it."""
    envelope: Schema = {
        "title": "An event, as a reader gets it",
        "type": "object",
        "required": [*REQUIRED, *ALWAYS_ADDED, "data"],
        "properties": {
            **attributes(),
            "subject": described("subject", {"type": "string", "pattern": ANY_SUBJECT}),
            **added(),
            "data": {"type": "object"},
        },
    }
    of_each_type = [
        {
            "if": {"properties": {"type": {"const": row.full_name}}},
            "then": {"properties": {"data": inlined(reader(row))}},
        }
        for row in TYPES.values()
    ]
    return {**envelope, "allOf": of_each_type}


def whole(schema: Schema) -> dict[str, Any]:
    """A schema that stands by itself in a file."""
    return with_dialect(schema)
