"""What can be asked over HTTP: each parameter with its meaning, checked before 403."""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Annotated

from fastapi import Depends, Path, Query, Request
from pydantic import AfterValidator, AwareDatetime

from schemas.identity import SUBJECT_PATTERN, is_orgnr
from schemas.policy import ANYBODY, Reader, reader_for
from schemas.rulesets import NEWEST, OSLO, ruleset
from schemas.topics import Line
from services.kit.callers import Callers
from services.kit.clock import Clock
from services.kit.db import Pool
from services.kit.problem import Problem

from . import finding, paging
from .asked import Asked
from .leads import Leads
from .policies import phase_policy
from .queries import BEFORE_ALL
from .short_names import signs_in
from .wanted import Wanted, condition_in, fields
from .words import query_of


@dataclass(frozen=True)
class Registry:
    """What the routes need."""

    pool: Pool
    callers: Callers
    clock: Clock
    leads: Leads


async def registry_of(request: Request) -> Registry:
    found: Registry = request.app.state.registry
    return found


Here = Annotated[Registry, Depends(registry_of)]


async def refuse_what_proves_nothing(request: Request, here: Here) -> None:
    """401 comes before every other fault."""
    await here.callers.anybody(request)


async def reader_of(request: Request, here: Registry) -> Reader:
    """Who reads: an organisation with its token, or everybody. 403 comes after 400."""
    caller = await here.callers.reader(request)
    return ANYBODY if caller is None else reader_for(caller.orgnr)


def invalid(detail: str) -> Problem:
    return Problem(400, "invalid_parameter", detail)


def known_phase(code: str) -> str:
    codes = phase_policy().codes
    if code not in codes:
        raise ValueError(f"`phase` is one of: {', '.join(codes)}")
    return code


def in_these_centuries(moment: datetime) -> datetime:
    """A moment whose day in Norway is on the calendar."""
    if not 1900 <= moment.year <= 2200:
        raise ValueError("a moment lies between 1900 and 2200")
    return moment


def body_or_public(name: str) -> str:
    if name != "public" and not is_orgnr(name):
        raise ValueError("a reader is an organisation number, or `public`")
    return name


def log_begins() -> datetime:
    """No fact is older than the first agreement that the rule sets know."""
    first = min(each.valid_from for each in ruleset(NEWEST).agreements)
    return datetime.combine(first, time(), OSLO).astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(in_these_centuries)]
Body = Annotated[str, AfterValidator(body_or_public)]

Next = Annotated[
    str | None,
    Query(
        alias="next",
        max_length=300,
        description="`next` of the page before; without it the first page",
    ),
]
Id = Annotated[
    str,
    Path(
        pattern=SUBJECT_PATTERN,
        description="The owner's organisation number, and its own id",
        examples=["889640782:k7v2qd9x"],
    ),
]
Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many on a page")]
At = Annotated[
    Moment | None,
    Query(
        description="Forecast or realised as of this moment; `as_of`, or now, if left "
        "out",
        examples=["2027-01-25T12:00:00+01:00"],
    ),
]
AsOf = Annotated[
    Moment | None,
    Query(
        description="What had been said by this moment (by when it was appended to the "
        "log). You see what you may read now",
        examples=["2026-03-01T12:00:00+01:00"],
    ),
]
SeenBy = Annotated[
    Body | None,
    Query(
        description="What this organisation, or `public`, may read too; with a moment, "
        "what it could read then. Judged by what you may read yourself",
        examples=["971032146"],
    ),
]
Owner = Annotated[
    str | None,
    Query(
        pattern=r"^[0-9]{9}$",
        description="Only those of this organisation number",
        examples=["889640782"],
    ),
]
OfLine = Annotated[Line | None, Query(description="Only those of owners of this line")]
InPhase = Annotated[
    Annotated[str, AfterValidator(known_phase)] | None,
    Query(
        description="Only those in this phase, of those whose phase you may know",
        json_schema_extra={"enum": list(phase_policy().codes)},
    ),
]
ShortName = Annotated[
    str | None,
    Query(
        max_length=100,
        description="Only those of this short name, with or without the owner's part",
    ),
]
Words = Annotated[
    str | None,
    Query(
        max_length=200,
        description="Only those that have all these words in what you may read, in any "
        "form of them (Norwegian); `søk*` finds words that begin so",
    ),
]
Where = Annotated[
    list[Annotated[str, AfterValidator(lambda text: condition_in(text) and text)]]
    | None,
    Query(
        description="`family.field:value`, or `>=` or `<=`; all must hold of something "
        "that stands, whoever said it. Families and fields: "
        + "; ".join(
            f"{name}: {', '.join(sorted(of))}" for name, of in fields().items()
        ),
        examples=[["lock.date>=2026-09-01", "description.municipalities:1806"]],
    ),
]
ChangedSince = Annotated[
    Moment | None,
    Query(
        description="Only those of which something that you may read came to the log "
        "after this moment",
        examples=["2026-03-01T12:00:00+01:00"],
    ),
]


def place_after(after: Next = None) -> bytes:
    """Where a page of initiatives begins. Raises `Problem` 400."""
    try:
        return BEFORE_ALL if after is None else paging.place_in(after)
    except ValueError:
        raise invalid_next() from None


def fact_after(after: Next = None) -> bytes | None:
    """The fact that a page follows, by its mark. Raises `Problem` 400."""
    try:
        return None if after is None else paging.mark_in(after)
    except ValueError:
        raise invalid_next() from None


def invalid_next() -> Problem:
    return invalid("`next` is no place that a page gave; begin without it")


@dataclass(frozen=True, slots=True)
class How:
    """As of when, and as whom, before it is known who asks."""

    as_of: datetime | None
    seen_by: str | None

    def by(self, reader: Reader) -> Asked:
        """The same, asked by a reader."""
        if self.seen_by is None:
            return Asked(reader, self.as_of)
        public = self.seen_by == "public"
        return Asked(
            reader, self.as_of, ANYBODY if public else reader_for(self.seen_by)
        )


async def how(here: Here, as_of: AsOf = None, as_seen_by: SeenBy = None) -> How:
    """Raises `Problem` 400 for a moment at which nothing can be known to be said."""
    refuse_outside_the_log("as_of", as_of, here.clock())
    return How(as_of, as_seen_by)


async def how_before(
    here: Here, from_as_of: AsOf = None, from_seen_by: SeenBy = None
) -> How:
    """The side that the other is compared with. Raises `Problem` 400."""
    refuse_outside_the_log("from_as_of", from_as_of, here.clock())
    if from_as_of is None and from_seen_by is None:
        raise invalid("say what to compare with: `from_as_of` or `from_seen_by`")
    return How(from_as_of, from_seen_by)


def refuse_outside_the_log(name: str, moment: datetime | None, now: datetime) -> None:
    if moment is None:
        return
    if moment > now:
        raise invalid(f"`{name}` lies ahead; nothing has been said by then")
    if moment < log_begins():
        day = log_begins().astimezone(OSLO).date()
        raise invalid(f"`{name}` lies before the log, which begins on {day}")


async def wanted(
    here: Here,
    owner: Owner = None,
    line: OfLine = None,
    phase: InPhase = None,
    short_name: ShortName = None,
    q: Words = None,
    where: Where = None,
    changed_since: ChangedSince = None,
) -> Wanted:
    """Which initiatives are asked for. Raises `Problem` 400."""
    try:
        short = None if short_name is None else signs_in(short_name)
        words = None if q is None else query_of(q)
    except ValueError as error:
        name = "q" if short_name is None or "word" in str(error) else "short_name"
        raise invalid(f"`{name}`: {error}") from None
    if words is not None:
        async with here.pool.acquire() as conn:
            if not await finding.has_words(conn, words):
                raise invalid("`q`: ask for a word that says something")
    conditions = tuple(condition_in(text) for text in where or ())
    return Wanted(owner, line, phase, short, words, conditions, changed_since)


Begun = Annotated[bytes, Depends(place_after)]
BegunAfter = Annotated[bytes | None, Depends(fact_after)]
Asking = Annotated[How, Depends(how)]
Before = Annotated[How, Depends(how_before)]
Wanting = Annotated[Wanted, Depends(wanted)]
