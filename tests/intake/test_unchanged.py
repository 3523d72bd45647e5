"""What is sent is carried unchanged, stamped, and takes effect wherever it is read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.admission import admit
from schemas.envelope import (
    ADDED_BY_INTAKE,
    BATCH_MEDIA_TYPE,
    MEDIA_TYPE,
    read,
    stamp,
)
from schemas.fact import Fact, Newer, Refusal, content_hash
from schemas.rulesets import NEWEST, ruleset
from schemas.topics import PARTY_TOPICS, Line
from services.intake import accept as accepting
from services.intake.accept import receipt
from services.intake.answers import readable
from services.intake.rules import Sent, Wrong, judge, read_events
from services.intake.store import Receipt
from services.kit.auth import Principal
from tests.schemas.said import AID, KS, NARVIK, NAV, NOW, example, examples

from .conftest import Emitter, Json

RULES = ruleset(NEWEST)
# as no library would write it, and every one reads it
ODD = (
    b'{ "title" :"\\u0053\\u00f8knad", "problem":"p\\/q",\t"municipalities":[ "1806" ]'
    b',\r\n "contact_role":"r" }'
)


def as_sent(event: Json, data: bytes) -> bytes:
    """Attributes in an order of its own, `data` in their midst, blanks around it."""
    said = [(k, v) for k, v in reversed(event.items()) if k != "data"]
    parts = [orjson.dumps(k) + b" : " + orjson.dumps(v) for k, v in said]
    parts.insert(2, b'"data":  ' + data + b"\n")
    return b"{" + b", ".join(parts) + b"}"


def kept(sent: Sent, orgnr: str = NAV, supplier: str | None = None) -> list[Receipt]:
    """Receipts with the records as they will lie on Kafka. Raises `Wrong`."""
    judge(sent, orgnr, RULES, NOW)
    caller = Principal(orgnr, frozenset(), 0, supplier)
    return [receipt(event, caller, RULES, NOW) for event in sent.events.values()]


def test_attributes_and_the_bytes_of_data_are_those_that_were_sent() -> None:
    event = example("initiative.registered") | {"actor": "saksys 2", "dataschema": "x"}

    (found,) = kept(read_events(as_sent(event, ODD), MEDIA_TYPE))

    record = read(found.record)
    said = {k: v for k, v in record.attributes.items() if k not in ADDED_BY_INTAKE}
    assert said == {k: v for k, v in event.items() if k != "data"}
    assert record.attributes.keys() - said.keys() == set(ADDED_BY_INTAKE)
    assert record.data_bytes == ODD


def test_in_a_batch_each_event_keeps_its_own_slice() -> None:
    events = [example("initiative.registered") | {"id": f"n{n}"} for n in range(3)]
    slices = [ODD, ODD.replace(b" ", b"  "), ODD.replace(b"\t", b"")]
    body = b"[ " + b" , ".join(map(as_sent, events, slices)) + b" ]"

    found = kept(read_events(body, BATCH_MEDIA_TYPE))

    assert [read(each.record).data_bytes for each in found] == slices
    assert [each.event_id for each in found] == ["n0", "n1", "n2"]


def test_it_is_stamped_by_the_newest_rules_with_a_salt_of_its_own() -> None:
    sent = read_events(orjson.dumps(example("initiative.registered")), MEDIA_TYPE)

    records = [orjson.loads(kept(sent)[0].record) for _ in range(2)]

    assert [record["ruleset"] for record in records] == [NEWEST, NEWEST]
    assert [record["partyline"] for record in records] == ["state", "state"]
    assert len({record["datasalt"] for record in records}) == 2
    assert len({record["datahash"] for record in records}) == 2


# -- 202 means that it will take effect ----------------------------------------------

ODDITIES: list[object] = [None, "", "x", 0, -1, [], {}, True, "2026-09-14", "org:1"]
ODDITIES += ["own", "named", "municipal", "state municipal", KS, f"urn:orgnr:{KS}:x"]
NAMES = ["visibility", "recipients", "audience", "time", "id", "source", "subject"]
NAMES += [
    "type",
    "actor",
    "dataschema",
    "datacontenttype",
    "traceparent",
    "specversion",
]


@dataclass(frozen=True)
class Change:
    """A value put in the place of another, among the attributes or in `data`."""

    where: str
    name: int
    value: object

    def make(self, event: Json) -> None:
        inner = event["data"] if self.where == "data" else event
        names = [*inner, "unknown"] if self.where == "data" else NAMES
        name = names[self.name % len(names)]
        if self.value is None:
            inner.pop(name, None)
        else:
            inner[name] = self.value


CHANGES = st.builds(
    Change,
    st.sampled_from(["attributes", "data"]),
    st.integers(0, 40),
    st.sampled_from(ODDITIES),
)
SPOKEN = [e for _, e in examples() if not e["source"].startswith("urn:tidlig:")]


def taken_at_intake(sent: Sent, speaker: str) -> bytes | None:
    try:
        (found,) = kept(sent, speaker)
    except Wrong:
        return None
    return found.record


@given(st.sampled_from(SPOKEN), st.lists(CHANGES, max_size=2))
def test_what_intake_accepts_every_consumer_admits_and_what_it_refuses_none(
    example_: Json, changes: list[Change]
) -> None:
    event = example_ | {"data": dict(example_["data"])}
    for change in changes:
        change.make(event)
    sent = read_events(orjson.dumps(event), MEDIA_TYPE)
    speaker = str(event.get("source")).split(":")[2:3]

    record = taken_at_intake(sent, speaker[0] if speaker else NAV)

    if record is None:
        assert not isinstance(consumed(forced(sent)), Fact)
    else:
        assert isinstance(consumed(record), Fact)


def forced(sent: Sent) -> bytes:
    """The record as an intake that does not judge would have written it."""
    event = sent.events[0]
    return stamp(
        {k: v for k, v in event.attributes.items() if k not in ADDED_BY_INTAKE},
        event.data_bytes or b"null",
        line=line_of(event.attributes),
        accepted=NOW,
        agreement=RULES.agreement_at(NOW),
        ruleset=NEWEST,
        salt=b"0123456789abcdef",
    )


def line_of(attributes: Mapping[str, object]) -> Line | None:
    parts = str(attributes.get("source")).split(":")
    return RULES.line_of(parts[2]) if len(parts) > 2 else None


def consumed(record: bytes) -> Fact | Refusal | Newer:
    event = orjson.loads(record)
    topic = PARTY_TOPICS[line_of(event) or "state"].name
    return admit(record, (), topic, str(event.get("subject")).encode())


def test_a_consumer_that_judged_otherwise_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As if consumers took another view of what a speaker may say than intake."""
    sent = read_events(orjson.dumps(example("initiative.registered")), MEDIA_TYPE)
    record = taken_at_intake(sent, NAV)
    monkeypatch.setattr("schemas.admission.faults_of", lambda *_: ((), None))

    assert record is not None
    assert isinstance(consumed(record), Refusal)


# -- who spoke, and on whose behalf --------------------------------------------------


def test_a_supplier_is_kept_on_the_receipt_and_speaks_as_whom_it_acts_for() -> None:
    sent = read_events(orjson.dumps(example("initiative.registered")), MEDIA_TYPE)

    (found,) = kept(sent, NAV, supplier=KS)

    assert (found.emitter, found.supplier) == (NAV, KS)


def narviks() -> Json:
    return example("initiative.registered") | {
        "source": f"urn:orgnr:{NARVIK}:fagsystem",
        "subject": f"{NARVIK}:felles-mottak",
    }


async def test_ks_speaks_for_a_municipality_with_that_ones_token_alone(
    emitter: Emitter,
) -> None:
    as_supplier = emitter.issuer.bearer(NARVIK, supplier={"ID": f"0192:{KS}"})

    own = await emitter.emit(narviks(), KS)
    acting = await emitter.emit(narviks(), headers=as_supplier)

    assert own.status_code == 403
    assert own.json()["type"] == "urn:tidlig:problem:not_your_source"
    assert acting.status_code == 202, acting.text
    (given_,) = acting.json()["receipts"]
    assert given_["supplier"] == KS
    kept_ = await emitter.get(acting.headers["location"], NARVIK)
    assert kept_.json()["supplier"] == KS


@pytest.mark.parametrize(
    ("emitter_is", "channels"),
    [(NAV, ["municipal", f"org:{AID}", f"org:{NAV}"]), (KS, [f"org:{NAV}"])],
)
def test_a_receipt_tells_an_owner_its_readers_and_another_only_the_owner(
    emitter_is: str, channels: list[str]
) -> None:
    sent = read_events(orjson.dumps(example("initiative.registered")), MEDIA_TYPE)
    (found,) = kept(sent)
    found = replace(found, emitter=emitter_is)
    readers = [(each, NOW) for each in ("municipal", f"org:{NAV}", f"org:{AID}")]

    assert sorted(e["channel"] for e in readable(found, readers)) == sorted(channels)


async def test_the_same_words_are_compared_only_when_an_identity_repeats(
    emitter: Emitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[bytes] = []

    def counting(value: bytes) -> bytes:
        computed.append(value)
        return content_hash(value)

    monkeypatch.setattr(accepting, "content_hash", counting)
    events = [example("initiative.registered") | {"id": f"n{n}"} for n in range(5)]

    await emitter.emit(events)
    before = len(computed)
    await emitter.emit([events[0]])

    assert before == 0
    assert len(computed) == 2
