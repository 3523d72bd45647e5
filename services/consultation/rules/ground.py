"""What every rule stands on: who acts, when, under which mandate and policies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from schemas.channels import ARENA
from schemas.mandate import Arena, Right
from schemas.rulesets import oslo_day
from schemas.topics import Line
from services.consultation.policies import Criteria, Windows

LINES: tuple[Line, Line] = ("state", "municipal")


def other(line: Line) -> Line:
    """The line that is not this one."""
    return LINES[1 - LINES.index(line)]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a random id and a role, of an organisation of a line."""

    id: str
    role: str
    orgnr: str
    line: Line

    @property
    def label(self) -> str:
        """As facts name it: never a person's name."""
        return f"{self.line}:{self.role}:{self.id}"


@dataclass(frozen=True)
class Ground:
    """The mandate and the policies by which an act is judged. Pure data."""

    arenas: Mapping[str, Arena]
    windows: Windows
    criteria: Callable[[str], Criteria]
    # whether a code is a municipality on a day, and whose code an organisation has
    is_municipality: Callable[[str, datetime], bool]
    municipality_of: Callable[[str], str | None]
    line_of: Callable[[str], Line | None]

    def may(self, actor: Actor, arena: str, right: Right, at: datetime) -> bool:
        found = self.arenas.get(arena)
        return found is not None and found.may(actor.orgnr, right, oslo_day(at))


@dataclass(frozen=True, slots=True)
class Said:
    """A fact that an act gives rise to.

    `org` says it for itself, through `actor`; both are None for what is done in the
    arena's name, whose `data` have the actors, and for what the tracker observes.
    """

    subject: str
    name: str
    at: datetime
    data: BaseModel
    line: Line | None = None
    org: str | None = None
    actor: str | None = None
    # the arena, and after advice was given whom it was given to; sorted
    audience: tuple[str, ...] = (ARENA,)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An act that is not taken: the rule's name, what it says, and where it is from."""

    rule: str
    status: int
    detail: str
    citation: str


class Refused(Exception):
    """Raised within rules; `decide` returns what it carries."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.rule)
        self.refusal = refusal


# what each rule rests on
CITATIONS = {
    "own_line": "Nav (nav.no on the partnership): formal decisions are taken in the "
    "line that they belong to; neither party instructs the other",
    "mandate": "Agreement KS-AID 2023-2026: a joint arena of both parties",
    "both_lines": "Agreement KS-AID 2023-2026: the arena is joint",
    "advice_is_advice": "Agreement KS-AID 2023-2026: the arena gives advice on "
    "prioritisation and funding; each owner decides",
    "no_veto": "Nav (nav.no on the partnership): the partnership is equal",
    "what_is_said_stands": "facts.md §1: the log is kept for ever",
}
OWN = "this project's own rule (domain.md 4.6)"


def refuse(rule: str, detail: str, status: int = 409) -> Refused:
    """A refusal to raise: by the name of its rule, with what to do instead."""
    return Refused(Refusal(rule, status, detail, CITATIONS.get(rule, OWN)))


def require(holds: bool, rule: str, detail: str, status: int = 409) -> None:
    """Raise the refusal unless the rule holds."""
    if not holds:
        raise refuse(rule, detail, status)
