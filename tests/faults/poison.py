"""Records written straight into the topics: what no service would write.

Poison is what no consumer can admit; a replay is what was said before, once more.
"""

from collections.abc import Sequence
from itertools import count
from random import Random
from typing import Any

import orjson
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from schemas.topics import MUNICIPAL, STATE, TRACKER
from tests.histories import SPEAKERS
from tests.schemas.said import examples, stamped
from tests.stack import ends_of

from .records import headers_of, messages

Headers = list[tuple[str, bytes | str | None]]
Record = tuple[bytes | None, bytes | None, Headers]
JSON = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
numbers = count()


def usual() -> dict[str, Any]:
    """A fact as an emitter sends it, with an id of its own."""
    _, event = next(examples())
    return {**event, "id": f"gift-{next(numbers)}"}


def forged(**attributes: Any) -> bytes:
    """The record that an intake would have written which does not judge."""
    return stamped({**usual(), **attributes})


def kinds(random: Random) -> dict[str, Record]:
    """Every kind of poison, each anew."""
    speaker = random.choice(SPEAKERS)
    event = usual()
    key = event["subject"].encode()
    whole = forged()
    own: Headers = list(JSON)
    return {
        "null header": (key, b"{}", [("content-type", None), *own]),
        "binary header": (key, b"\xff\xfe", [("ce_id", b"\xff\x00\xfe"), *own]),
        "tombstone": (key, None, own),
        "empty": (key, b"", own),
        "no key": (None, whole, own),
        "another key": (f"{speaker}:annet".encode(), whole, own),
        "bad json": (key, b'{"id": ', own),
        "no object": (key, b"[1, 2, 3]", own),
        "wrong shape": (key, orjson.dumps({"specversion": "1.0", "id": 7}), own),
        "not text": (key, b"\x00\x01\xff" * 40, own),
        "unknown type": (key, forged(type="no.tidlig.initiative.eaten.v1"), own),
        "foreign source": (key, forged(source="urn:orgnr:810059672:system"), own),
        "another's source": (key, forged(source="urn:example:nobody"), own),
        "nul": (key, whole.replace(b"gift-", b"gift-\\u0000"), own),
        "lone surrogate": (key, whole.replace(b"gift-", b"gift-\\ud800"), own),
        "changed data": (key, whole.replace(b'"data":{', b'"data":{"x":1,', 1), own),
        "1 MB": (key, whole[:-1] + b',"x":"' + b"a" * 940_000 + b'"}', own),
        "old rules": (key, stamped(event, ruleset=0), own),
        "deep": (key, b"[" * 500 + b"]" * 500, own),
        "bad number": (key, whole.replace(b'"data":{', b'"data":{"n":1e999,', 1), own),
        "as the tracker": (key, forged(source="urn:tidlig:delivery"), own),
        "nobody's": (b"ikke en nokkel", whole, own),
    }


def put(bootstrap: str, records: Sequence[tuple[str, Record]]) -> None:
    """Write them, as anybody with access to Kafka could. Raises `TimeoutError`."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "log_level": 0,
            "partitioner": "murmur2_random",
            "message.max.bytes": 1_000_000,
        }
    )
    for topic, (key, value, headers) in records:
        producer.produce(topic, key=key, value=value, headers=headers)
        producer.poll(0)
    if producer.flush(30):
        raise TimeoutError("Kafka does not take the records")


def poison(bootstrap: str, random: Random) -> int:
    """Every kind once, in any order, on any topic that is read."""
    found = list(kinds(random).values())
    random.shuffle(found)
    wanted = (STATE.name, MUNICIPAL.name, TRACKER.name)
    put(bootstrap, [(random.choice(wanted), record) for record in found])
    return len(found)


def replay(bootstrap: str, most: int) -> int:
    """The last records of the party topics and the tracker's once more, in order."""
    names = (STATE.name, MUNICIPAL.name, TRACKER.name)
    try:
        ends = {at: end for at, end in ends_of(bootstrap, names).items() if end}
    except KafkaException:
        # a leader is being elected: it does not tell, and this fault does not come
        return 0
    if not ends:
        return 0
    share = max(1, most // len(ends))
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "tidlig-replay", "log_level": 0}
    )
    begins = {at: max(0, end - share) for at, end in ends.items()}
    consumer.assign([TopicPartition(*at, first) for at, first in begins.items()])
    found: list[tuple[str, Record]] = []
    try:
        for each in messages(consumer, ends, ends):
            own: Headers = [*headers_of(each)]
            found.append((str(each.topic()), (each.key(), each.value(), own)))
    finally:
        consumer.close()
    put(bootstrap, found)
    return len(found)
