"""CloudEvents in HTTP's binary content mode: attributes in headers, the body is `data`.

CloudEvents HTTP protocol binding 1.0, §3.1. Pure. The event is put together as
structured mode has it, so that everything after this reads, judges and keeps both
alike.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_to_bytes

import orjson

from schemas import strict_json
from schemas.fact import Fault

Headers = Iterable[tuple[bytes, bytes]]
PREFIX = b"ce-"
DATA_MEDIA_TYPE = "application/json"
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
ESCAPED = re.compile(r"\\(.)")
NOT_AN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# what surrounds a JSON text is not part of it (RFC 8259 §2)
AROUND = b" \t\n\r"
ELSEWHERE = {
    "data": "the body is `data`; leave the header out",
    "datacontenttype": "`Content-Type` says it; leave the header out",
}


class Undecodable(ValueError):
    """A header's value is no text as the binding writes it."""


def is_binary(headers: Headers) -> bool:
    """Whether attributes come in headers; the media type has told no other mode."""
    return any(name.startswith(PREFIX) for name, _ in headers)


def attributes_in(
    headers: Headers, content_type: str
) -> tuple[dict[str, str], list[Fault]]:
    """The attributes that the headers say, and what is wrong with the headers."""
    found = {"datacontenttype": content_type.strip()}
    seen: set[str] = set()
    faults: list[Fault] = []
    for raw_name, raw_value in headers:
        if not raw_name.startswith(PREFIX):
            continue
        name = raw_name.removeprefix(PREFIX).decode("latin-1")
        pointer = f"/{name}"
        if name in ELSEWHERE:
            faults.append(Fault("misplaced", pointer, ELSEWHERE[name]))
        elif name in seen:
            faults.append(Fault("duplicate_key", pointer, "the header stands twice"))
        else:
            seen.add(name)
            try:
                found[name] = decoded(raw_value)
            except Undecodable as error:
                faults.append(Fault("header_encoding", pointer, str(error)))
    return found, faults


def decoded(value: bytes) -> str:
    """A header's text: quotes undone, then percent-decoded once (binding §3.1.3.2).

    Raises `Undecodable`.
    """
    try:
        text = value.decode("ascii")
    except UnicodeDecodeError:
        raise Undecodable("percent-encode the bytes of what is not ASCII") from None
    quoted = QUOTED.fullmatch(text)
    if quoted is not None:
        text = ESCAPED.sub(r"\1", quoted[1])
    if NOT_AN_ESCAPE.search(text):
        raise Undecodable("a percent sign is written %25")
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise Undecodable("what is percent-encoded is not UTF-8") from None


def as_structured(attributes: Mapping[str, str], body: bytes) -> bytes:
    """The event in structured mode, the bytes of the body standing in it as `data`.

    Raises `strict_json.NotStrict` for a body that is not one JSON text: nothing in it
    can become an attribute.
    """
    head = orjson.dumps(dict(attributes))
    data = body.strip(AROUND)
    if not data:
        return head
    strict_json.parse(data)
    return head[:-1] + b',"data":' + data + b"}"
