"""AsyncAPI 3: topics as channels, types as messages; from `topics.py` and the table."""

from typing import Any

from ..envelope import MEDIA_TYPE
from ..fact import FAULT_SCHEMA
from ..rulesets import NEWEST
from ..spoken import SAID_ELSEWHERE
from ..topics import ALL, ARENA, PARTY_TOPICS, REJECTED, TRACKER, Topic
from ..types import TYPES, EventType
from .events import event_read
from .examples import as_read, examples_of
from .meaning import first_sentence

Document = dict[str, Any]
KEY = {
    "type": "string",
    "description": "The initiative's, item's or meeting's id: facts keep its order.",
}
REJECTION = {
    "type": "object",
    "required": [
        "topic",
        "topic_id",
        "partition",
        "offset",
        "reason",
        "faults",
        "bytes",
        "sha256",
        "begins_base64",
    ],
    "properties": {
        "topic": {"type": "string"},
        "topic_id": {"type": "string"},
        "partition": {"type": "integer", "minimum": 0},
        "offset": {"type": "integer", "minimum": 0},
        "reason": {"type": "string", "description": "The first fault's code."},
        "faults": {
            "type": "array",
            "items": FAULT_SCHEMA,
        },
        "bytes": {"type": "integer", "minimum": 0},
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "begins_base64": {
            "type": "string",
            "description": "The beginning of the record.",
        },
    },
}


def document() -> Document:
    """The whole document. It is valid by AsyncAPI's own JSON Schema, under test."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tidlig on Kafka",
            "version": str(NEWEST),
            "description": (
                "Facts about digitalisation initiatives, each said by one organisation "
                "for itself. The version is the number of the newest rule set."
            ),
        },
        "defaultContentType": MEDIA_TYPE,
        "channels": {slug(topic): channel(topic) for topic in ALL},
        "operations": dict(operation for topic in ALL for operation in acts_on(topic)),
        "components": {
            "messages": {
                **{row.full_name: message(row) for row in TYPES.values()},
                REJECTED.name: rejection(),
            }
        },
    }


def slug(topic: Topic) -> str:
    """The topic's name without the signs that a channel's id may not have."""
    return topic.name.replace(".", "-")


def rows_on(topic: Topic) -> list[EventType]:
    """The types whose facts lie on a topic: a party's on its line's, or ours."""
    if topic in PARTY_TOPICS.values():
        return [row for row in TYPES.values() if row.group not in SAID_ELSEWHERE]
    if topic == ARENA:
        return [row for row in TYPES.values() if row.group in ("line", "arena")]
    return [
        row for row in TYPES.values() if topic == TRACKER and row.group == "tracker"
    ]


def messages_on(topic: Topic) -> list[str]:
    return [row.full_name for row in rows_on(topic)] or [REJECTED.name]


def channel(topic: Topic) -> Document:
    kept = (
        -1 if topic.retention is None else int(topic.retention.total_seconds() * 1000)
    )
    return {
        "address": topic.name,
        "title": topic.name,
        "summary": topic.holds,
        "description": (
            f"Key: {topic.key}. Owner: {topic.owner}. Times are Kafka's "
            "(LogAppendTime)."
        ),
        "messages": {
            name: {"$ref": f"#/components/messages/{name}"}
            for name in messages_on(topic)
        },
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": ["delete"],
                    "retention.ms": kept,
                },
                "bindingVersion": "0.5.0",
            }
        },
        "x-owner": topic.owner,
        "x-key": topic.key,
    }


def acts_on(topic: Topic) -> list[tuple[str, Document]]:
    """One service sends to a topic, others receive from it."""
    reference = {"$ref": f"#/channels/{slug(topic)}"}
    sending = {
        "action": "send",
        "channel": reference,
        "summary": f"{topic.producer} says it",
    }
    receiving = [
        (
            f"{reader}-reads-{slug(topic)}",
            {
                "action": "receive",
                "channel": reference,
                "summary": f"{reader} takes it in",
                "bindings": {
                    "kafka": {
                        "groupId": {"type": "string", "const": reader},
                        "bindingVersion": "0.5.0",
                    }
                },
            },
        )
        for reader in topic.consumers
    ]
    return [(f"{topic.producer}-writes-{slug(topic)}", sending), *receiving]


def message(row: EventType) -> Document:
    return {
        "name": row.full_name,
        "title": row.name,
        "summary": first_sentence(row),
        "contentType": f"{MEDIA_TYPE}; charset=UTF-8",
        "payload": event_read(row),
        "bindings": {"kafka": {"key": KEY, "bindingVersion": "0.5.0"}},
        "examples": [
            {"name": name, "payload": as_read(event)}
            for name, event in examples_of(row)
        ],
    }


def rejection() -> Document:
    return {
        "name": REJECTED.name,
        "title": "A record that no consumer can admit",
        "summary": REJECTED.holds,
        "contentType": REJECTED.media_type,
        "payload": REJECTION,
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": REJECTED.key},
                "bindingVersion": "0.5.0",
            }
        },
    }
