"""A synthetic table of organisations, and the mirror σ that swaps its lines.

Each organisation has a partner in the same role on the other line; one that only reads
is its own. Numbers and names are in no order that favours a line.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from unittest import mock

from schemas.rulesets import NEWEST, Agreement, Organisation, RuleSet, Validity, load
from schemas.topics import Line
from services.registry.policies import EarlinessPolicy, earliness_policy
from tests.histories import Cast

ALWAYS = Validity(None, None)
# in force on the first day of every story, and no longer
THEN = Validity(None, date(2026, 3, 2))
# role: the state's body, and its partner
PAIRS = {
    "central": ("810059605", "810059613"),
    "owner": ("810059648", "810059621"),
    "other": ("810059656", "810059702"),
    "small": ("810059699", "810059680"),
    "past": ("810059753", "810059745"),
}
READS_ONLY, STRANGER = "810059761", "810059788"
NAMES = {"810059605": "Ås", "810059613": "Bø", "810059648": "Ål", "810059621": "Evje"}
LINES: tuple[Line, Line] = ("state", "municipal")


def organisations() -> Iterator[Organisation]:
    for role, pair in PAIRS.items():
        for orgnr, line in zip(pair, LINES, strict=True):
            yield Organisation(orgnr, line, role, THEN if role == "past" else ALWAYS)
    yield Organisation(READS_ONLY, None, "auditor", ALWAYS)


def rule_set(number: int) -> RuleSet:
    return RuleSet(
        number,
        {each.orgnr: each for each in organisations()},
        load(number).municipalities,
        (Agreement("avtale", date(2026, 1, 1), date(2026, 3, 2)),),
    )


RULES = {number: rule_set(number) for number in range(1, NEWEST + 1)}


@contextmanager
def in_use() -> Iterator[None]:
    """While this table is the one that everything is judged by."""
    with (
        mock.patch("schemas.rulesets.load", RULES.__getitem__),
        mock.patch("schemas.names.names", return_value=NAMES),
    ):
        yield


def cast() -> Cast:
    """Owners, speakers and readers: as many of the one line as of the other."""
    roles = ("central", "owner", "other")
    return Cast(
        owners=(*PAIRS["owner"], *PAIRS["central"]),
        speakers=tuple(orgnr for role in roles for orgnr in PAIRS[role]),
        reads_only=READS_ONLY,
        stranger=STRANGER,
        audiences=(
            *("municipal", "state", "public"),
            *(f"org:{each}" for each in PAIRS["central"] + PAIRS["other"]),
        ),
        past=PAIRS["past"][0],
    )


def policy() -> EarlinessPolicy:
    """The registry's, with the central bodies of this table."""
    state, municipal = PAIRS["central"]
    counterpart: Mapping[Line, tuple[Line, frozenset[str]]] = {
        "state": ("municipal", frozenset({"municipal", "public", f"org:{municipal}"})),
        "municipal": ("state", frozenset({"state", "public", f"org:{state}"})),
    }
    return replace(earliness_policy(), counterpart=counterpart)


POLICY = policy()
with in_use():
    CAST = cast()
    READERS = CAST.readers
