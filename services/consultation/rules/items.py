"""Items: proposed, admitted, deferred once, withdrawn; their paper and their end."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from schemas.arena import (
    ItemAdmitted,
    ItemClosed,
    ItemDeferred,
    ItemHeard,
    ItemPrepared,
    ItemProposed,
    ItemWithdrawn,
)
from schemas.rulesets import oslo_day

from .acts import actors_of, content_of, line_of, say, without
from .commands import AskDeferral, PreparePaper, Propose, Withdraw
from .ground import Actor, Ground, Said, refuse, require
from .state import STAGES, Deferral, Item, Pending

BEFORE_ADVICE = ("proposed", "admitted", "prepared", "heard")


def propose(
    subject: str, asked: Propose, actor: Actor, at: datetime, ground: Ground
) -> Iterator[Said]:
    """An item with its number. Its subject names the arena and the number."""
    _, arena, running = subject.split(":")
    require(asked.arena == arena, "arena", f"this number is of the arena {arena}", 422)
    require(arena in ground.arenas, "arena", f"there is no arena {arena}", 404)
    yield Said(
        subject,
        "arena.item.proposed",
        at,
        ItemProposed(
            initiatives=asked.initiatives,
            number=running.replace("-", "/"),
            question=asked.question,
            language=asked.language,
            budget_year=asked.budget_year,
            synthetic=asked.synthetic,
        ),
        actor.line,
        actor.orgnr,
        actor.label,
    )


def admit(item: Item, actor: Actor, at: datetime) -> Iterator[Said]:
    """A line admits its own item; the other is not asked."""
    require(
        actor.line == item.proposer,
        "own_line",
        "each line admits its own items; ask for a deferral if you need time",
        403,
    )
    require(item.stage == "proposed", "workflow", "the item has been admitted")
    yield say(
        item,
        "arena.item.admitted",
        ItemAdmitted(initiatives=item.initiatives),
        actor,
        at,
    )


def defer(
    item: Item, asked: AskDeferral, actor: Actor, at: datetime, ground: Ground
) -> Iterator[Said]:
    """A line's one deferral; it ends by itself on its day."""
    require(
        item.stage in BEFORE_ADVICE,
        "workflow",
        "a deferral is asked for before advice is drafted",
    )
    require(
        actor.line not in item.deferrals,
        "one_deferral",
        "your line has used its deferral on this item; neither line can block",
    )
    today = oslo_day(at)
    longest = ground.windows.longest_deferral_days
    require(
        today < asked.until <= today + timedelta(days=longest),
        "longest_deferral",
        f"defer to a day after today and within {longest} days",
        422,
    )
    yield say(
        item,
        "arena.item.deferred",
        ItemDeferred(
            initiatives=item.initiatives, until=asked.until, reason=asked.reason
        ),
        actor,
        at,
    )


def withdraw(item: Item, asked: Withdraw, actor: Actor, at: datetime) -> Iterator[Said]:
    require(
        actor.line == item.proposer,
        "own_line",
        "the line that proposed an item withdraws it",
        403,
    )
    require(
        item.stage in BEFORE_ADVICE,
        "workflow",
        "advice has been drafted; it is carried through and not forgotten",
    )
    yield say(
        item,
        "arena.item.withdrawn",
        ItemWithdrawn(initiatives=item.initiatives, reason=asked.reason),
        actor,
        at,
    )


def not_deferred(item: Item, at: datetime) -> None:
    """Raises a refusal while a deferral runs."""
    if item.deferred_on(oslo_day(at)):
        until = max(each.until for each in item.deferrals.values())
        raise refuse("deferred", f"the item is deferred until {until}")


def prepared(
    item: Item, waiting: Pending, ground: Ground, at: datetime
) -> Iterator[Said]:
    """The paper is ready; another one takes its place until the item is heard."""
    act = PreparePaper.model_validate_json(content_of(waiting))
    require(
        item.stage in ("admitted", "prepared"),
        "workflow",
        "a paper is prepared between admission and the meeting",
    )
    unknown = [
        code
        for code in act.affected.municipalities
        if not ground.is_municipality(code, at)
    ]
    require(
        not unknown,
        "affected",
        f"no municipality today: {', '.join(unknown)}",
        422,
    )
    strange = [
        orgnr for orgnr in act.affected.state_bodies if ground.line_of(orgnr) != "state"
    ]
    require(not strange, "affected", f"no body of the state: {', '.join(strange)}", 422)
    yield Said(
        item.id,
        "arena.item.prepared",
        at,
        ItemPrepared(
            initiatives=item.initiatives,
            actors=actors_of(waiting),
            summary=act.summary,
            affected=act.affected,
        ),
    )


def closed(item: Item, waiting: Pending, _: Ground, at: datetime) -> Iterator[Said]:
    require(
        item.stage == "followed_up",
        "workflow",
        "an item is closed once both lines have followed it up",
    )
    yield Said(
        item.id,
        "arena.item.closed",
        at,
        ItemClosed(initiatives=item.initiatives, actors=actors_of(waiting)),
    )


def begun(said: Said, data: ItemProposed) -> Item:
    """The state of an item that has just been proposed."""
    return Item(
        id=said.subject,
        number=data.number,
        arena=said.subject.split(":")[1],
        proposer=line_of(said),
        proposed_by=said.org or "",
        proposed=said.at,
        initiatives=data.initiatives,
        question=data.question,
        language=data.language,
        budget_year=data.budget_year,
        synthetic=data.synthetic,
    )


def after_admitted(_: Item, __: Said, ___: ItemAdmitted) -> dict[str, Any]:
    return {"stage": "admitted"}


def after_deferred(item: Item, said: Said, data: ItemDeferred) -> dict[str, Any]:
    line = line_of(said)
    found = Deferral(line=line, until=data.until, reason=data.reason)
    return {"deferrals": {**item.deferrals, line: found}}


def after_withdrawn(_: Item, __: Said, data: ItemWithdrawn) -> dict[str, Any]:
    return {"stage": "withdrawn", "withdrawn_because": data.reason, "pending": {}}


def after_prepared(item: Item, _: Said, data: ItemPrepared) -> dict[str, Any]:
    return {
        **without(item, "paper"),
        "stage": "prepared",
        "summary": data.summary,
        "affected": data.affected,
    }


def after_heard(item: Item, _: Said, data: ItemHeard) -> dict[str, Any]:
    forward = STAGES.index(item.stage) < STAGES.index("heard")
    return {
        "meetings": (*item.meetings, data.meeting),
        **({"stage": "heard"} if forward else {}),
    }


def after_closed(_: Item, __: Said, ___: ItemClosed) -> dict[str, Any]:
    # nothing that waits takes effect on an item that is closed
    return {"stage": "closed", "pending": {}}
