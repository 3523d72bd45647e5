"""What a reader is shown of items and meetings: facts first judged, then shown.

Who takes part and may read every initiative sees all of it but what is sealed; who may
not sees the number and the state; the owner of an initiative sees the question and
what is given; whom advice is given to sees that.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from schemas.arena_policy import Access, access, reaches_beyond_arena
from schemas.channels import ARENA
from schemas.policy import Grants, Reader, may_read_initiative
from schemas.topics import Line

from .policies import calendars, factor_steps, scheme_rules
from .rules import Board, Ground, Item, Meeting, deadlines
from .rules.decisions import coverage
from .rules.disagreements import gaps
from .rules.ground import LINES
from .rules.schemes import budget_dates, findings, payers_and_gainers
from .rules.state import Issued

Json = dict[str, Any]


def access_of(item: Item, reader: Reader, grants_of: Mapping[str, Grants]) -> Access:
    """How much of an item there is for a reader, by the arena's one policy."""
    return access(item.initiatives, reader, grants_of, bool(given_to(item, reader)))


def given_to(item: Item, reader: Reader) -> list[Issued]:
    """Advice that was given to this reader, beyond the arena."""
    return [each for each in item.issued if reaches_beyond_arena(each.audience, reader)]


def shown(
    item: Item,
    reader: Reader,
    grants_of: Mapping[str, Grants],
    at: datetime,
    ground: Ground,
    line: Line | None,
) -> Json | None:
    """The item for this reader; None where it does not exist for it."""
    match access_of(item, reader, grants_of):
        case "all":
            return whole(item, at, ground, line)
        case "owner":
            return of_owner(item, reader, grants_of)
        case "given":
            return {
                **head(item),
                "issued": [as_given(e) for e in given_to(item, reader)],
            }
        case "number":
            return head(item)
    return None


def head(item: Item) -> Json:
    return {"id": item.id, "number": item.number, "stage": item.stage}


def of_owner(item: Item, reader: Reader, grants_of: Mapping[str, Grants]) -> Json:
    """That the item exists, the question, and what is given: no other initiative."""
    own = [
        each
        for each in item.initiatives
        if may_read_initiative(each, reader, grants_of.get(each, {}))
    ]
    return {
        **head(item),
        "question": item.question,
        "initiatives": own,
        "issued": [as_given(each) for each in item.issued],
    }


def as_given(issued: Issued) -> Json:
    """Advice with the positions bound to its hash: dissent stands beside it."""
    found: Json = issued.model_dump(mode="json")
    return found


def whole(item: Item, at: datetime, ground: Ground, line: Line | None) -> Json:
    """Everything that was said, with what follows from it at this moment."""
    found: Json = item.model_dump(mode="json")
    text = item.draft or item.advice
    funding = None if text is None else text.advice.funding
    found["deadlines"] = [asdict(each) for each in deadlines(item, ground)]
    found["gaps"] = [
        asdict(each)
        for each in gaps(item, factor_steps(), ground.windows.factor_gap_steps)
    ]
    found["budget_dates"] = {
        each: [asdict(d) for d in budget_dates(year, each, calendars()[each])]
        for year in [item.budget_year]
        if year is not None
        for each in LINES
    }
    if funding is not None:
        told = findings(funding, scheme_rules(), ground.line_of)
        found["scheme_rules"] = [asdict(each) for each in told]
        found["payers_and_gainers"] = payers_and_gainers(funding)
    if item.advice is not None:
        counted = coverage(item, item.advice.hash, at, ground)
        found["coverage"] = [asdict(each) for each in counted]
    if line is not None:
        found["void_positions_of_yours"] = [
            each.model_dump(mode="json") for each in item.voided if each.line == line
        ]
    return found


def of_meeting(meeting: Meeting, ground: Ground) -> Json:
    found: Json = meeting.model_dump(mode="json")
    found["deadlines"] = [asdict(each) for each in deadlines(meeting, ground)]
    return found


def state_of(
    board: Board,
    reader: Reader,
    grants_of: Mapping[str, Grants],
    at: datetime,
    ground: Ground,
    line: Line | None,
) -> Json | None:
    """An item or a meeting, as this reader is shown it."""
    if isinstance(board, Meeting):
        return of_meeting(board, ground) if ARENA in reader.channels else None
    return shown(board, reader, grants_of, at, ground, line)
