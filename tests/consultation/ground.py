"""A made-up arena: two lines in the same roles, and the mirror that swaps them."""

from dataclasses import replace
from datetime import date, datetime

from schemas.mandate import Arena, Member
from schemas.topics import Line
from services.consultation.policies import criteria, windows
from services.consultation.rules import Actor, Ground

LINES: tuple[Line, Line] = ("state", "municipal")
OTHER: dict[Line, Line] = {"state": "municipal", "municipal": "state"}
# role: the state's body, and its partner
PAIRS = {
    "central": ("810059605", "810059613"),
    "affected": ("810059648", "810059621"),
    "reads": ("810059656", "810059702"),
    "past": ("810059753", "810059745"),
    "stranger": ("810059699", "810059680"),
}
PARTNER = {
    **dict(PAIRS.values()),
    **{two: one for one, two in PAIRS.values()},
}
LINE_OF: dict[str, Line] = {
    orgnr: line
    for pair in PAIRS.values()
    for orgnr, line in zip(pair, LINES, strict=True)
}
# the one council there is, and the body of the state that is its partner
COUNCIL = "1806"
COUNCIL_OF = {PAIRS["affected"][1]: COUNCIL}
LAST_OF_THE_PAST = date(2026, 1, 1)
EVERYTHING = frozenset({"speaks", "secretariat"})


def member(orgnr: str, role: str) -> Member:
    rights = EVERYTHING if role in ("central", "past") else frozenset()
    last = LAST_OF_THE_PAST if role == "past" else None
    return Member(orgnr, LINE_OF[orgnr], rights, None, last)  # type: ignore[arg-type]


MEMBERS = tuple(
    member(orgnr, role)
    for role in ("central", "reads", "past")
    for orgnr in PAIRS[role]
)
ARENA = Arena("nav", "state", MEMBERS)


def is_municipality(code: str, _: datetime) -> bool:
    return code == COUNCIL


GROUND = Ground(
    {"nav": ARENA},
    windows(),
    criteria,
    is_municipality,
    COUNCIL_OF.get,
    LINE_OF.get,
)
# where the lines are swapped the other one has the chair first
MIRRORED = replace(GROUND, arenas={"nav": replace(ARENA, first_chair="municipal")})


def actor(role: str, line: Line, work: str = "secretary") -> Actor:
    """Somebody of the body that a line has in this role."""
    return Actor(f"{role}-1", work, PAIRS[role][LINES.index(line)], line)
