"""Content: what the speaker said, in one form, whatever bytes it came in."""

import json
from hashlib import sha256
from typing import Any

import orjson
import pytest

from schemas.envelope import stamp
from schemas.fact import content_hash

from .said import KS, NAV, NOW, example, stamped

# the attributes that are content, written down anew
CONTENT = ("type", "time", "dataschema", "visibility", "recipients", "audience")
Event = dict[str, Any]


def whole() -> Event:
    """An event that says every attribute there is."""
    return example("initiative.shared") | {
        "dataschema": "https://example.org/1",
        "visibility": "named",
        "recipients": KS,
        "audience": "municipal",
        "actor": "saksys",
        "correlationid": "c",
        "causationid": "d",
        "traceparent": f"00-{'a' * 32}-{'b' * 16}-01",
        "data": {"b": 1, "a": ["x", 0.5, None, True], "message": "kø"},
    }


def record(event: Event, data: bytes) -> bytes:
    said = {name: value for name, value in event.items() if name != "data"}
    return stamp(
        said,
        data,
        line="state",
        accepted=NOW,
        agreement="x",
        ruleset=1,
        salt=b"0123456789abcdef",
    )


def test_it_is_sha_256_over_the_canonical_form_of_what_was_said() -> None:
    event = whole()
    said = {name: event[name] for name in (*CONTENT, "data")}
    # for ASCII names, short numbers and these texts the form of RFC 8785 is this
    form = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert content_hash(stamped(event)) == sha256(form.encode()).digest()


@pytest.mark.parametrize("name", CONTENT)
def test_each_attribute_that_is_content_makes_other_content(name: str) -> None:
    event = whole()
    without = {key: value for key, value in event.items() if key != name}

    assert content_hash(stamped(event | {name: "other"})) != content_hash(
        stamped(event)
    )
    assert content_hash(stamped(without)) != content_hash(stamped(event))


@pytest.mark.parametrize("value", [2, "1", 1.5, None, [1], {}])
def test_data_that_say_something_else_are_other_content(value: object) -> None:
    other = whole()
    other["data"] = other["data"] | {"b": value}

    assert content_hash(stamped(other)) != content_hash(stamped(whole()))


@pytest.mark.parametrize(
    "name",
    ["actor", "correlationid", "causationid", "traceparent", "datacontenttype", "id"],
)
def test_what_serves_transport_is_no_content(name: str) -> None:
    event = whole()
    other = event | {name: "other"}

    assert content_hash(stamped(other)) == content_hash(stamped(event))


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":["x",0.5,null,true],"b":1,"message":"k\\u00f8"}',
        b'{ "message" : "k\xc3\xb8",\n "b":1.0, "a":["\\u0078",5e-1,null,true] }',
        b'{"b":10e-1,"message":"k\\u00F8","a":["x",0.50,null,true]}',
    ],
)
def test_the_same_said_in_other_bytes_is_the_same_content(data: bytes) -> None:
    event = whole()

    assert orjson.loads(data) == event["data"]
    assert content_hash(record(event, data)) == content_hash(stamped(event))


def test_whose_word_it_is_and_of_what_is_identity_and_no_content() -> None:
    event = whole()
    other = event | {"subject": f"{NAV}:annet", "source": f"urn:orgnr:{KS}:x"}

    assert content_hash(stamped(other)) == content_hash(stamped(event))
