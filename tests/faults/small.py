"""A small world in which all is well, without a broker: to be broken on purpose."""

from collections import defaultdict
from copy import deepcopy
from datetime import UTC, datetime
from functools import cache

import orjson

from schemas.admission import admit
from schemas.fact import Fact
from schemas.identity import mark
from schemas.topics import REJECTED, STATE
from services.registry.rules import fold
from services.registry.state import to_bytes
from tests.histories import READERS
from tests.histories.telling import Teller, home_of

from . import readings, truth
from .followers import Follower
from .ledger import Emitted, identity_of
from .records import Record
from .spoken import CANARY, story
from .truth import Truth
from .world import Kept, Place, World, Written

AT = datetime(2026, 3, 3, tzinfo=UTC)
BAD = b"{"


def stories(number: int = 3) -> list[list[dict[str, object]]]:
    return [list(story("small", n)) for n in range(number)]


def records() -> list[Record]:
    """Every event where it lies, and one record that nobody can admit."""
    found: list[Record] = []
    ends: dict[str, int] = defaultdict(int)

    def put(topic: str, key: bytes, value: bytes) -> None:
        offset, ends[topic] = ends[topic], ends[topic] + 1
        found.append(Record(topic, 0, offset, 1_772_500_000_000, key, value, ()))

    for events in stories():
        for event in events:
            said = {name: value for name, value in event.items() if name != "data"}
            teller = Teller(str(event["subject"]), [])
            value = teller.stamped(said, orjson.dumps(event["data"]))
            speaker = str(event["source"]).split(":")[2]
            put(home_of(speaker), teller.subject.encode(), value)
    put(STATE.name, b"x", BAD)
    put(REJECTED.name, b"x", rejection(STATE.name, ends[STATE.name] - 1))
    return sorted(found, key=lambda each: each.at)


def rejection(topic: str, offset: int) -> bytes:
    return orjson.dumps({"topic": topic, "partition": 0, "offset": offset})


def world() -> World:
    """All of it where it ought to be; one to be changed."""
    return deepcopy(made_once())


@cache
def made_once() -> World:
    made = World(records=records())
    ought = truth_of(made)
    for n, events in enumerate(stories()):
        for event in events:
            emitted = Emitted(event, n, [1.0], [(2.0, "receipt")])
            made.emitted[identity_of(event)] = emitted
    turns: dict[str, int] = defaultdict(int)
    for identity, record in ought.facts.items():
        own, subject = mark(*identity), identity[0]
        turns[subject] += 1
        value = record.value or b""
        made.archive.append(Kept(own, subject, record.at, value, turns[subject]))
        made.delivered.append(Kept(own, subject, record.at, value))
        made.receipts[own] = "receipt"
        made.written.append(written("intake", record))
    made.written += [
        written("registry", each)
        for each in made.records
        if each.topic == REJECTED.name
    ]
    made.states = {s: (turns[s], body) for s, body in bodies_of(made).items()}
    made.log, made.log_end = [1, 2, 3], 3
    made.places = {("registry", STATE.name, 0): Place(7, 7, 7)}
    made.feeds = [feed_of(reader, truth_of(made)) for reader in READERS]
    made.followed = [feed_of(reader, truth_of(made)) for reader in READERS]
    return made


def written(service: str, record: Record) -> Written:
    key, value = record.key or b"", record.value or b""
    return Written(service, record.offset, record.topic, key, value, AT)


def bodies_of(made: World) -> dict[str, bytes]:
    """States as the registry folds them."""
    admitted: dict[str, list[tuple[Fact, int]]] = defaultdict(list)
    for record in made.records:
        if record.topic == REJECTED.name:
            continue
        fact = admit(record.value, (), record.topic, record.key)
        if isinstance(fact, Fact):
            admitted[fact.subject].append((fact, record.offset))
    return {s: to_bytes(fold(s, facts)) for s, facts in admitted.items()}


def feed_of(reader: str, ought: Truth) -> Follower:
    follower = Follower(reader)
    follower.given.update(ought.readings.now[reader])
    for identity in ought.readings.now[reader]:
        value = ought.facts[identity].value or b""
        follower.canaries.update(CANARY.findall(value))
    return follower


def truth_of(made: World) -> Truth:
    ought = truth.truth_of(made.records)
    bodies = {subject: body for subject, (_, body) in made.states.items()}
    ought.readings = readings.read(ought.histories, bodies, workers=0)
    return ought
