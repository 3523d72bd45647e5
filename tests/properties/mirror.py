"""σ: the mirror that swaps the lines, of a history and of what comes of it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from schemas.admission import admit
from schemas.envelope import stamp
from schemas.fact import Fact
from schemas.rulesets import NEWEST, ruleset
from schemas.spoken import moment
from schemas.topics import MUNICIPAL, STATE
from tests.histories import Lying, Told

from . import asymmetries, table

ORGNR = re.compile(r"[0-9]{9}")
PARTNER = {
    one: other
    for pair in table.PAIRS.values()
    for one, other in (pair, tuple(reversed(pair)))
}
NAMED = {table.NAMES.get(a, a): table.NAMES.get(b, b) for a, b in PARTNER.items()}
TOPICS = {STATE.name: MUNICIPAL.name, MUNICIPAL.name: STATE.name}
WORDS: Mapping[str, str] = {**asymmetries.PARTNERS, **NAMED, **TOPICS}
ADDED = ("partyline", "acceptedtime", "agreementid", "ruleset", "datasalt", "datahash")


def mirrored(value: Any) -> Any:
    """Each line's word for the other's, and each organisation's partner for it."""
    match value:
        case str() if value in WORDS:
            return WORDS[value]
        case str():
            return ORGNR.sub(lambda found: PARTNER.get(found[0], found[0]), value)
        case dict():
            return {mirrored(name): mirrored(inner) for name, inner in value.items()}
        case list() | tuple():
            return [mirrored(inner) for inner in value]
        case _:
            return value


def of_records(lying: list[Lying]) -> list[Lying]:
    """The same records, said by the partners, on each other's topics."""
    return [of_record(each) for each in lying]


def of_record(each: Lying) -> Lying:
    event = orjson.loads(each.value)
    accepted = moment(event["acceptedtime"])
    assert accepted is not None
    data = mirrored(event.pop("data"))
    said = {k: mirrored(v) for k, v in event.items() if k not in ADDED}
    for name in ("recipients", "audience"):
        if name in said:
            said[name] = " ".join(sorted(map(mirrored, event[name].split())))
    rules = ruleset(NEWEST)
    value = stamp(
        said,
        orjson.dumps(data),
        line=rules.line_of(said["source"].removeprefix("urn:orgnr:")[:9]),
        accepted=accepted,
        agreement=rules.agreement_at(accepted),
        ruleset=NEWEST,
        salt=b"0123456789abcdef",
    )
    topic = mirrored(each.topic)
    if not isinstance(each, Told):
        return replace(each, topic=topic, value=value)
    fact = admit(value, (), topic, said["subject"].encode())
    assert isinstance(fact, Fact), fact
    return Told(fact, topic, each.offset, each.appended, value)


Times = Mapping[tuple[str, str], str]


def accepted_in(lying: list[Lying]) -> Times:
    """When each fact of the image was accepted, the first time.

    A fact of the history itself may have the source and id of another's image.
    """
    events = [orjson.loads(each.value) for each in reversed(of_records(lying))]
    return {(e["source"], e["id"]): e["acceptedtime"] for e in events}


def normal(value: Any, times: Times) -> Any:
    """What is compared: unordered collections in an order that σ does not change.

    Lists of plain words are sets (an audience); of two statements that were accepted
    at once under one id neither is the first.
    """
    match value:
        case dict():
            return {name: normal(inner, times) for name, inner in value.items()}
        case list() if all(isinstance(inner, str) for inner in value):
            return sorted(value)
        case list():
            return settled([normal(inner, times) for inner in value], times)
        case _:
            return value


def settled(found: list[Any], times: Times) -> list[Any]:
    """Neighbours of one moment and id change places; nothing else does."""
    grouped: list[list[Any]] = []
    for each in found:
        moment = moment_of(each, times)
        if grouped and moment and moment_of(grouped[-1][0], times) == moment:
            grouped[-1].append(each)
        else:
            grouped.append([each])
    return [each for group in grouped for each in sorted(group, key=orjson.dumps)]


def moment_of(each: Any, times: Times) -> Any:
    """When a statement, a reference or a contradiction was said, and its id."""
    match each:
        case {"fact": {"source": source, "id": id}, "accepted": _}:
            return times[source, id], id
        case {"source": source, "id": id}:
            return times.get((source, id)), id
        case {"rule": rule, "facts": facts}:
            return rule, sorted(moment_of(fact, times) for fact in facts)
        case _:
            return None
