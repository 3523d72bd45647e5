"""Records as intake writes them, and records that nobody should have written."""

from itertools import count
from typing import Any

from schemas.topics import MUNICIPAL, STATE
from tests.schemas.said import NARVIK, NAV, example, stamped

from .kafka import STRUCTURED, Written, partition_of

Json = dict[str, Any]
numbers = count(1)


def said(speaker: str = NAV, partition: int | None = None, **change: Any) -> Json:
    """A fact of the speaker's own, about an initiative in that partition."""
    number = next(numbers)
    names = (f"{speaker}:kit-{number}-{n}" for n in count())
    subject = next(s for s in names if partition in (None, partition_of(s.encode())))
    return {
        **example("initiative.registered"),
        "id": f"kit-{number}",
        "source": f"urn:orgnr:{speaker}:kit",
        "subject": subject,
        **change,
    }


def again(event: Json, **change: Any) -> Json:
    return {**event, **change}


def record(event: Json, **forged: Any) -> Written:
    """What intake would write of it, or somebody who forges a stamp."""
    home = MUNICIPAL if NARVIK in event["source"] else STATE
    key = event["subject"].encode()
    return Written(home, key, stamped(event, **forged))


def facts(n: int, partition: int | None = None, speaker: str = NAV) -> list[Written]:
    return [record(said(speaker, partition)) for _ in range(n)]


def unreadable(partition: int) -> dict[str, Written]:
    """Each reason for which no consumer can admit a record, with such a record."""

    def raw(value: bytes | None, headers: Any = STRUCTURED) -> Written:
        return Written(STATE, b"key", value, headers, partition)

    def under(event: Json, value: bytes) -> Written:
        return Written(STATE, event["subject"].encode(), value, STRUCTURED, partition)

    def forged(event: Json, **stamps: Any) -> Written:
        return under(event, stamped(event, **stamps))

    good = said(partition=partition)
    keyless = Written(STATE, None, stamped(good), STRUCTURED, partition)
    return {
        "tombstone": raw(None),
        "not_json": raw(b"{"),
        "too_large": raw(b'{"data": "' + b"x" * 200_000 + b'"}'),
        "content_type": raw(b"{}", (("content-type", b"text/plain"),)),
        "ruleset": raw(b'{"specversion": "1.0", "data": {}}'),
        "key": keyless,
        "datahash": under(
            good, stamped(good).replace(b'"datahash":"', b'"datahash":"0')
        ),
        "unknown_type": forged(good | {"type": "no.tidlig.nobody.said.v1"}),
        "topic": forged(said(NARVIK, partition)),
        "nul": raw(stamped(good).replace(b'"title":"', b'"title":"\\u0000')),
        "partyline": forged(good, line="municipal"),
    }
