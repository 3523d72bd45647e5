"""What must stand after a run, by a naive fold of the records themselves.

Written from `facts.md` §2-§3 for the types of the data set, as plainly as can be; it
asks neither admission nor the registry's fold. A run that leaves another state, or
another archive, counts as 0.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import orjson

from .dataset import Line

PREFIX, SUFFIX = "no.tidlig.", ".v1"
# family, and where the key is; of a description each field is a key
FAMILY = {
    "initiative.registered": ("description", None),
    "initiative.amended": ("description", None),
    "initiative.lock.recorded": ("lock", "key"),
    "initiative.gateplan.revised": ("gateplan", "gate"),
    "response.submitted": ("response", "key"),
}
GRANTS = ("initiative.shared", "share.ended")
Json = dict[str, Any]
# what stands of one initiative: entries, and grants with their ends
Stands = tuple[dict[str, list[Any]], dict[str, list[Any]]]


def facts_among(lines: Iterable[Line]) -> dict[bytes, Json]:
    """The facts among records, the first of each identity, by the bytes that said it.

    A speaker's words about an initiative lie in one partition, in the order of the
    data set.
    """
    found: dict[bytes, Json] = {}
    said: set[tuple[str, str, str]] = set()
    for line in lines:
        event = parsed(line)
        if event is None:
            continue
        identity = (event["subject"], event["source"], event["id"])
        if identity not in said:
            said.add(identity)
            found[line.value] = event
    return found


def parsed(line: Line) -> Json | None:
    try:
        event = orjson.loads(line.value)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(event, dict) or name_of(event) not in (*FAMILY, *GRANTS):
        return None
    return event if event["subject"].encode() == line.key else None


def name_of(event: Json) -> str:
    return str(event.get("type", "")).removeprefix(PREFIX).removesuffix(SUFFIX)


def fold(events: Iterable[Json]) -> dict[str, Stands]:
    """What stands of each initiative once all this is said."""
    found: dict[str, Stands] = {}
    for event in events:
        entries, shares = found.setdefault(event["subject"], ({}, {}))
        if name_of(event) in GRANTS:
            take_grant(shares, event)
        else:
            take_words(entries, event)
    return found


def take_words(entries: dict[str, list[Any]], event: Json) -> None:
    family, where = FAMILY[name_of(event)]
    data = event["data"]
    if where is not None:
        entries[key_of(event, family, data[where])] = [event["id"], data]
        return
    for name, value in data.get("changes", data).items():
        entries[key_of(event, family, name)] = [event["id"], value]


def key_of(event: Json, family: str, key: str) -> str:
    """Under the same key, for the same readers, a speaker's later word stands."""
    speaker = event["source"].split(":")[2]
    label = event.get("visibility", "shared"), event.get("recipients", "")
    return " | ".join((speaker, family, key, *label))


def take_grant(shares: dict[str, list[Any]], event: Json) -> None:
    """Audience, the grant and its end, whichever is known; the first end counts."""
    if name_of(event) == "initiative.shared":
        share = shares.setdefault(event["id"], [[], None, None])
        share[0], share[1] = sorted(event["audience"].split()), event["id"]
    else:
        share = shares.setdefault(event["data"]["grant"]["id"], [[], None, None])
        share[2] = share[2] or event["id"]


def digest(stands: Mapping[str, Stands]) -> str:
    """One hash of all initiatives, whatever the order they are given in."""
    whole = sha256()
    for subject in sorted(stands):
        line = orjson.dumps([subject, *stands[subject]], option=orjson.OPT_SORT_KEYS)
        whole.update(line + b"\n")
    return whole.hexdigest()


def archive_digest(values: Iterable[bytes]) -> str:
    """One hash of an archive, whatever its order."""
    whole = sha256()
    for each in sorted(sha256(value).digest() for value in values):
        whole.update(each)
    return whole.hexdigest()


def expected(lines: Sequence[Line]) -> tuple[str, str]:
    """The hashes of what must stand, and of what must be in the archive."""
    facts = facts_among(lines)
    return digest(fold(facts.values())), archive_digest(facts)
