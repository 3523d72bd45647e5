"""What ought to be, from the topics alone: by the contract, and by the naive fold.

Every record is judged by admission; of those admitted the first of each identity is a
fact. What stands and who may read it is computed by `tests.properties.naive`.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime

from schemas.admission import admit
from schemas.fact import Fact, content_hash
from schemas.identity import mark
from schemas.topics import REJECTED
from tests.histories import Told
from tests.properties.naive.said import Said, said

from .ledger import Identity
from .readings import Readings
from .records import Coordinates, Record


@dataclass
class Truth:
    """Facts by initiative in their order, and what became of every record."""

    histories: dict[str, list[Said]] = field(default_factory=lambda: defaultdict(list))
    # where the fact of each identity lies, and its record
    facts: dict[Identity, Record] = field(default_factory=dict)
    marks: dict[bytes, Identity] = field(default_factory=dict)
    refused: dict[Coordinates, Record] = field(default_factory=dict)
    repeated: dict[Coordinates, Record] = field(default_factory=dict)
    rejected: list[Record] = field(default_factory=list)
    readings: Readings = field(default_factory=Readings)


def truth_of(records: list[Record]) -> Truth:
    """Judge every record, in the order of its partition."""
    truth = Truth()
    latest: dict[tuple[str, int], datetime] = {}
    for record in records:
        if record.topic == REJECTED.name:
            truth.rejected.append(record)
            continue
        place = record.topic, record.partition
        appended = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        latest[place] = max(appended, latest.get(place, appended))
        verdict = admit(record.value, record.headers, record.topic, record.key)
        if isinstance(verdict, Fact):
            take(truth, verdict, record, latest[place])
        else:
            truth.refused[record.at] = record
    return truth


def take(truth: Truth, fact: Fact, record: Record, appended: datetime) -> None:
    identity = fact.subject, fact.source, fact.id
    first = truth.facts.get(identity)
    if first is None:
        truth.facts[identity] = record
        truth.marks[mark(*identity)] = identity
        value = record.value or b""
        told = Told(fact, record.topic, record.offset, appended, value)
        truth.histories[fact.subject].append(said(told))
    elif fact.type.group == "tracker" or says_the_same(first, record):
        truth.repeated[record.at] = record
    else:
        truth.refused[record.at] = record


def says_the_same(first: Record, again: Record) -> bool:
    return content_hash(first.value or b"") == content_hash(again.value or b"")
