"""Meetings: called, the chair in turn, an agenda, held; minutes that both approve."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson

from schemas.arena import (
    ActPrepared,
    AgendaPublished,
    ItemHeard,
    MeetingHeld,
    MeetingScheduled,
    MinutesApproved,
    MinutesCorrected,
)
from schemas.rulesets import oslo_day
from schemas.topics import Line

from .acts import actors_of, content_of, line_of, say, without
from .commands import (
    ApproveMinutes,
    CorrectMinutes,
    HoldMeeting,
    PublishAgenda,
    ScheduleMeeting,
)
from .ground import Actor, Ground, Said, other, require
from .items import not_deferred
from .state import Correction, Item, Meeting, Pending

Items = Mapping[str, Item]


def chair_of(before: int, first: Line) -> Line:
    """The chair alternates, over all meetings that were scheduled `before`."""
    return other(first) if before % 2 else first


def called(subject: str, act: ScheduleMeeting, actor: Actor, ground: Ground) -> Meeting:
    """A meeting that is about to be called; its subject has the arena and number."""
    _, arena, running = subject.split(":")
    require(act.arena == arena, "arena", f"this number is of the arena {arena}", 422)
    require(arena in ground.arenas, "arena", f"there is no arena {arena}", 404)
    return Meeting(
        id=subject,
        number=running.replace("-", "/"),
        arena=arena,
        called_by=actor.line,
        language=act.language,
        day=act.day,
        version=0,
    )


def begun(said: Said, data: ActPrepared) -> Meeting:
    """The state of a meeting that one line has prepared to call."""
    act = ScheduleMeeting.model_validate_json(
        orjson.dumps({"kind": data.kind, **data.content})
    )
    _, arena, running = said.subject.split(":")
    return Meeting(
        id=said.subject,
        number=running.replace("-", "/"),
        arena=arena,
        called_by=line_of(said),
        language=act.language,
        day=act.day,
    )


def scheduled(
    meeting: Meeting, waiting: Pending, ground: Ground, at: datetime, before: int
) -> Iterator[Said]:
    act = ScheduleMeeting.model_validate_json(content_of(waiting))
    require(meeting.stage == "called", "workflow", "the meeting has been called")
    yield Said(
        meeting.id,
        "arena.meeting.scheduled",
        at,
        MeetingScheduled(
            actors=actors_of(waiting),
            number=meeting.number,
            day=act.day,
            chair=chair_of(before, ground.arenas[meeting.arena].first_chair),
            language=act.language,
        ),
    )


def agenda(
    meeting: Meeting, waiting: Pending, items: Items, at: datetime
) -> Iterator[Said]:
    """The agenda; items of this arena, each once, that are admitted and not over."""
    act = PublishAgenda.model_validate_json(content_of(waiting))
    require(
        meeting.stage == "scheduled", "workflow", "an agenda is of a meeting to come"
    )
    names = [entry.item for entry in act.entries]
    require(len(set(names)) == len(names), "agenda", "an item stands once", 422)
    for name in names:
        item = items.get(name)
        require(
            item is not None and item.arena == meeting.arena,
            "agenda",
            f"there is no item {name} in this arena",
            422,
        )
        require(
            item is not None and item.stage != "proposed" and not item.is_over,
            "workflow",
            f"{name} is not admitted, or is over",
        )
    yield Said(
        meeting.id,
        "arena.agenda.published",
        at,
        AgendaPublished(actors=actors_of(waiting), entries=act.entries),
    )


def held(
    meeting: Meeting, waiting: Pending, items: Items, at: datetime
) -> Iterator[Said]:
    """The meeting took place; each item that it dealt with was heard."""
    act = HoldMeeting.model_validate_json(content_of(waiting))
    require(
        meeting.stage == "scheduled", "workflow", "the meeting is to be called first"
    )
    require(
        meeting.day <= oslo_day(at), "workflow", "the day of the meeting has not come"
    )
    on_agenda = {entry.item for entry in meeting.agenda}
    require(
        set(act.heard) <= on_agenda and len(set(act.heard)) == len(act.heard),
        "agenda",
        "only items of the agenda are heard, each once",
        422,
    )
    yield Said(
        meeting.id,
        "arena.meeting.held",
        at,
        MeetingHeld(
            actors=actors_of(waiting), heard=act.heard, attendance=act.attendance
        ),
    )
    for name in act.heard:
        item = items[name]
        require(
            item.stage not in ("proposed", "admitted") and not item.is_over,
            "workflow",
            f"{name} has no paper yet, or is over",
        )
        not_deferred(item, at)
        yield Said(
            name,
            "arena.item.heard",
            at,
            ItemHeard(
                initiatives=item.initiatives,
                actors=actors_of(waiting),
                meeting=meeting.id,
            ),
        )


def minutes_approved(
    meeting: Meeting, waiting: Pending, text_hash: str | None, at: datetime
) -> Iterator[Said]:
    """Both approve one text: the minutes as the facts make them now."""
    act = ApproveMinutes.model_validate({"kind": "minutes", **waiting.content})
    require(
        text_hash is None or act.hash == text_hash,
        "old_text",
        "the minutes are another text by now; read them again",
    )
    require(meeting.was_held, "workflow", "minutes are of a meeting that was held")
    yield Said(
        meeting.id,
        "arena.minutes.approved",
        at,
        MinutesApproved(actors=actors_of(waiting), hash=act.hash),
    )


def correct(
    meeting: Meeting, asked: CorrectMinutes, actor: Actor, at: datetime
) -> Iterator[Said]:
    """A correction stands in the minutes, which are to be approved anew."""
    require(meeting.was_held, "workflow", "minutes are of a meeting that was held")
    yield say(
        meeting, "arena.minutes.corrected", MinutesCorrected(text=asked.text), actor, at
    )


def after_scheduled(
    meeting: Meeting, _: Said, data: MeetingScheduled
) -> dict[str, Any]:
    return {
        **without(meeting, "schedule"),
        "stage": "scheduled",
        "day": data.day,
        "chair": data.chair,
        "language": data.language,
    }


def after_agenda(meeting: Meeting, _: Said, data: AgendaPublished) -> dict[str, Any]:
    return {**without(meeting, "agenda"), "agenda": data.entries}


def after_held(meeting: Meeting, _: Said, data: MeetingHeld) -> dict[str, Any]:
    return {
        **without(meeting, "held"),
        "stage": "held",
        "heard": data.heard,
        "attendance": data.attendance,
    }


def after_minutes(meeting: Meeting, _: Said, data: MinutesApproved) -> dict[str, Any]:
    return {
        **without(meeting, "minutes"),
        "stage": "minuted",
        "minutes_hash": data.hash,
    }


def after_corrected(
    meeting: Meeting, said: Said, data: MinutesCorrected
) -> dict[str, Any]:
    found = Correction(line=line_of(said), text=data.text, at=said.at)
    return {
        **without(meeting, "minutes"),
        "stage": "held",
        "minutes_hash": None,
        "corrections": (*meeting.corrections, found),
    }
