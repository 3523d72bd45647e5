"""The envelope: CloudEvents 1.0 in structured JSON, and what intake adds to it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal

import msgspec
import orjson

from . import strict_json

PREFIX = "no.tidlig"
MEDIA_TYPE = "application/cloudevents+json"
BATCH_MEDIA_TYPE = "application/cloudevents-batch+json"
MAX_EVENT_BYTES = 64 * 1024
# what intake adds is about 300 bytes; a record may be that much larger
MAX_RECORD_BYTES = MAX_EVENT_BYTES + 1024
MAX_BATCH_BYTES = 1024 * 1024
MAX_BATCH_EVENTS = 500
SALT_BYTES = 16

Visibility = Literal["own", "named", "shared", "public"]

REQUIRED = ("specversion", "id", "source", "type", "subject", "time")
OPTIONAL = (
    "datacontenttype",
    "dataschema",
    "visibility",
    "recipients",
    "audience",
    "actor",
    "correlationid",
    "causationid",
    "traceparent",
)
SPOKEN = REQUIRED + OPTIONAL
ADDED_BY_INTAKE = (
    "partyline",
    "acceptedtime",
    "agreementid",
    "ruleset",
    "datasalt",
    "datahash",
)
# what a speaker said, for "the same identity with other content"
CONTENT = ("type", "time", "dataschema", "visibility", "recipients", "audience")

RAW_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Event(msgspec.Struct, frozen=True):
    """A structured CloudEvent: attributes, and `data` both parsed and as it stood."""

    attributes: Mapping[str, object]
    data: object
    data_bytes: bytes | None


def read(value: bytes) -> Event:
    """Read a structured event. Raises `strict_json.NotStrict`."""
    parsed = strict_json.parse(value)
    if not isinstance(parsed, dict):
        raise strict_json.NotStrict("not_an_object", "an event is a JSON object")
    data = parsed.pop("data", None)
    slices = RAW_OBJECT.decode(value)
    raw = slices.get("data")
    return Event(parsed, data, None if raw is None else bytes(raw))


def stamp(
    attributes: Mapping[str, object],
    data: bytes,
    *,
    line: str | None,
    accepted: datetime,
    agreement: str,
    ruleset: int,
    salt: bytes,
) -> bytes:
    """The record for Kafka: what was said, unchanged, and what is added to it.

    `data` is kept byte for byte. `line` is None for the tracker's own facts.
    `salt` is 16 random bytes, so that the hash gives nothing away.
    """
    added: dict[str, object] = {} if line is None else {"partyline": line}
    added |= {
        "acceptedtime": timestamp(accepted),
        "agreementid": agreement,
        "ruleset": ruleset,
        "datasalt": salt.hex(),
        "datahash": sha256(salt + data).hexdigest(),
    }
    head = orjson.dumps({**attributes, **added})
    return head[:-1] + b',"data":' + data + b"}"


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC, to the microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
