"""What a walk says and answers, in a form in which it can be held against its image."""

import re
from itertools import groupby
from typing import Any

import orjson

from .ground import PARTNER
from .walking import Walk

HASH = re.compile(r"^[0-9a-f]{32,64}$")
SWAPPED = {"state": "municipal", "municipal": "state", **PARTNER}
# whole words: a criterion may have a line's name within its own
WORD = re.compile(rf"(?<![a-z_])({'|'.join(SWAPPED)})(?![a-z_])")
# the contract keeps these sorted; their order says nothing
SORTED = {"actors", "initiatives", "cards", "no_scores"}
# declared: a council decides under its municipality's code, a body of the state under
# its own number (domain.md 0.5: the municipal line is KS and a set of councils)
UNEQUAL = {"affected", "municipalities", "municipality"}


def normal(walk: Walk) -> Any:
    """All facts, refusals and states."""
    return shown(walk, lambda value: value)


def turned(walk: Walk) -> Any:
    """The same with the lines swapped."""
    return shown(walk, turn)


def shown(walk: Walk, turning: Any) -> Any:
    facts = [
        (
            each.line is None,
            [each.subject, each.name, each.at.isoformat()],
            turning([each.line, each.org, each.actor]),
            plain(turning(each.data.model_dump(mode="json"))),
        )
        for each in walk.facts
    ]
    said: list[Any] = []
    # what the tracker observes at one moment is in no order
    for (alone, where), each in groupby(facts, key=lambda f: (f[0], f[1])):
        found = [list(fact) for fact in each]
        said += sorted(found, key=orjson.dumps) if alone else found
        assert where
    boards = {
        k: plain(turning(b.model_dump(mode="json"))) for k, b in walk.boards.items()
    }
    return [said, [[each.rule, each.status] for each in walk.refused], boards]


def plain(value: Any, key: str = "") -> Any:
    """Derived hashes and nonces are all alike; what is kept sorted is sorted again."""
    if isinstance(value, dict):
        return {k: plain(v, k) for k, v in value.items() if k not in UNEQUAL}
    if isinstance(value, list):
        found = [plain(each) for each in value]
        return sorted(found, key=in_words) if key in SORTED else found
    if isinstance(value, str) and HASH.match(value):
        return "derived"
    return value


def in_words(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def turn(value: Any) -> Any:
    if isinstance(value, dict):
        return {turn(key): turn(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [turn(each) for each in value]
    if isinstance(value, str):
        return WORD.sub(lambda found: SWAPPED[found[0]], value)
    return value
