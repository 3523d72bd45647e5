"""How early: readable by the other side before the first lock, the same for both."""

from datetime import date, timedelta
from typing import Any

import pytest

from schemas.policy import reader_for
from services.registry.earliness import Earliness, earliness
from services.registry.rules import fold, project
from services.registry.state import from_bytes, to_bytes
from services.registry.view import earliness_json
from tests.registry.hand import POLICY, Hand, announced_and_shared, hand, oslo
from tests.schemas.said import AID, DIGDIR, KS, NARVIK, NAV

SHARED_ON = date(2026, 1, 5)


def days_after(days: int) -> str:
    return (SHARED_ON + timedelta(days=days)).isoformat()


def lead_of(found: Earliness) -> tuple[int | None, str | None]:
    return (found.lead_days, found.lead_class)


# -- days and classes ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("readable", "lock", "days"),
    [
        # winter time is an hour from UTC, summer time two: the Norwegian day counts
        ("2026-03-28T23:59:59", "2026-03-29", 1),
        ("2026-03-29T00:00:00", "2026-03-29", 0),
        ("2026-03-29T00:30:00", "2026-03-30", 1),
        ("2026-03-28T12:00:00", "2026-03-30", 2),
        ("2026-06-30T23:30:00", "2026-07-01", 1),
        ("2026-07-01T00:30:00", "2026-07-01", 0),
        ("2026-10-24T23:30:00", "2026-10-25", 1),
        ("2026-10-25T00:30:00", "2026-10-26", 1),
        ("2026-12-31T23:59:59", "2027-01-01", 1),
    ],
)
def test_lead_time_is_counted_in_norwegian_calendar_days(
    readable: str, lock: str, days: int
) -> None:
    story = announced_and_shared(readable)
    story.locked(lock)

    assert story.figures().lead_days == days


@pytest.mark.parametrize(
    ("days", "named"),
    [
        (400, "early"),
        (180, "early"),
        (179, "timely"),
        (90, "timely"),
        (89, "late"),
        (14, "late"),
        (13, "too_late"),
        (0, "too_late"),
        (-1, "after_the_fact"),
        (-400, "after_the_fact"),
    ],
)
def test_the_class_follows_the_policys_floors(days: int, named: str) -> None:
    story = announced_and_shared()
    story.locked(days_after(days))

    assert lead_of(story.figures()) == (days, named)


def test_a_lock_that_lies_ahead_makes_a_forecast_and_its_day_realises_it() -> None:
    story = announced_and_shared()
    story.locked("2026-07-01")

    before = story.figures("2026-06-30T23:59:59")
    after = story.figures("2026-07-01T00:00:00")

    assert (before.basis, after.basis) == ("forecast", "realised")
    assert lead_of(before) == lead_of(after) == (177, "timely")


# -- locks ---------------------------------------------------------------------------


def test_without_a_lock_there_is_no_lead_time_and_no_class() -> None:
    found = announced_and_shared().figures()

    assert found.first is not None
    assert (found.lock, found.basis) == (None, None)
    assert lead_of(found) == (None, None)


def test_the_first_lock_counts_whichever_was_recorded_first() -> None:
    story = announced_and_shared()
    story.locked("2026-09-01", key="kontrakt")
    story.locked("2026-05-01", key="budsjett")
    story.planned("2026-08-01")

    found = story.figures()

    assert found.lock is not None
    assert found.lock.date == date(2026, 5, 1)


def test_a_lock_said_again_under_its_key_is_corrected_by_the_later_word() -> None:
    story = announced_and_shared()
    story.locked("2026-05-01")
    story.locked("2026-09-01")

    assert story.figures().lead_days == (date(2026, 9, 1) - SHARED_ON).days


def plan_then(*steps: tuple[str, str | None]) -> Hand:
    """A gate plan for BP2 on 1 September, and what the owner says of it later."""
    story = announced_and_shared()
    story.planned("2026-09-01")
    for outcome, day in steps:
        if outcome == "planned":
            story.planned(day)
        else:
            story.decided(outcome, day or "")
    return story


@pytest.mark.parametrize(
    ("steps", "locked"),
    [
        ((), date(2026, 9, 1)),
        ((("planned", "2026-12-01"),), date(2026, 12, 1)),
        ((("planned", None),), None),
        ((("approved", "2026-10-01"),), date(2026, 10, 1)),
        ((("approved", "2026-10-01"), ("planned", "2026-07-01")), date(2026, 10, 1)),
        ((("rejected", "2026-09-01"),), None),
        ((("postponed", "2026-09-01"),), None),
        ((("postponed", "2026-09-01"), ("planned", "2026-11-01")), date(2026, 11, 1)),
    ],
    ids=[
        "planned",
        "planned anew",
        "planned no longer",
        "approved",
        "approved, whatever is planned later",
        "rejected: no concept was chosen",
        "postponed: the plan is overtaken",
        "postponed and planned anew",
    ],
)
def test_the_gate_that_chooses_the_concept_locks(
    steps: tuple[tuple[str, str | None], ...], locked: date | None
) -> None:
    found = plan_then(*steps).figures()

    assert (found.lock and found.lock.date) == locked
    assert (found.lock and found.lock.kind) in (None, "concept_chosen")


def test_no_other_gate_locks() -> None:
    story = announced_and_shared()
    story.planned("2026-02-01", gate="BP1")
    story.decided("approved", "2026-02-01", gate="BP1")
    story.planned("2026-11-01", gate="BP3")

    assert story.figures().lock is None


# -- which reading counts ------------------------------------------------------------


def headline(story: Hand) -> str | None:
    first = story.figures().first
    return None if first is None else first.channel


@pytest.mark.parametrize(
    ("owner", "audience", "counts"),
    [
        (NAV, "municipal", True),
        (NAV, f"org:{KS}", True),
        (NAV, "public", True),
        (NAV, f"org:{NARVIK}", False),
        (NAV, "state", False),
        (NAV, f"org:{AID}", False),
        (NARVIK, "state", True),
        (NARVIK, f"org:{AID}", True),
        (NARVIK, "public", True),
        (NARVIK, f"org:{NAV}", False),
        (NARVIK, "municipal", False),
        (NARVIK, f"org:{KS}", False),
    ],
)
def test_the_whole_other_line_or_its_central_body_makes_a_headline_and_no_one_else(
    owner: str, audience: str, *, counts: bool
) -> None:
    story = announced_and_shared(owner=owner, audience=audience)
    story.locked(days_after(200))

    found = story.figures()

    assert headline(story) == (audience if counts else None)
    assert lead_of(found) == ((200, "early") if counts else (None, None))


def test_every_counterpart_body_has_its_own_first_reading() -> None:
    story = announced_and_shared(audience=f"org:{NARVIK}")
    story.shared("2026-02-01T09:00:00", "municipal state")
    story.readable("2026-02-01T09:00:01", "municipal")
    story.readable("2026-02-01T09:00:01", "state")

    found = story.figures()

    assert [(body.channel, body.since) for body in found.bodies] == [
        (f"org:{NARVIK}", oslo("2026-01-05T09:00:00")),
        ("municipal", oslo("2026-02-01T09:00:01")),
    ]
    assert headline(story) == "municipal"


@pytest.mark.parametrize(
    ("attributes", "channel"),
    [
        ({"visibility": "public"}, "public"),
        ({"visibility": "named", "recipients": KS}, f"org:{KS}"),
    ],
    ids=["public", "named"],
)
def test_public_or_named_alone_does_not_count(
    attributes: dict[str, str], channel: str
) -> None:
    story = hand()
    story.registered("2026-01-05T09:00:00", **attributes)
    story.readable("2026-01-05T09:00:01", channel)
    story.locked("2026-09-01")

    assert story.figures().first is None
    assert story.figures().bodies == ()


def test_what_was_named_to_ks_counts_only_from_the_share_to_ks() -> None:
    story = hand()
    told = story.registered("2026-01-05T09:00:00", visibility="named", recipients=KS)
    story.readable("2026-01-05T09:00:01", f"org:{KS}", told)
    for_all = story.registered("2026-03-01T09:00:00")
    story.shared("2026-03-01T09:00:00", f"org:{KS}")
    story.readable("2026-03-01T09:00:01", f"org:{KS}", for_all)
    story.locked("2026-09-01")

    for reader in (NAV, KS):
        first = story.figures(by=reader).first
        assert first is not None
        assert first.since == oslo("2026-03-01T09:00:01")


def test_a_share_of_what_is_named_opens_no_description() -> None:
    story = hand()
    story.registered("2026-01-05T09:00:00", visibility="named", recipients=KS)
    story.readable("2026-01-05T09:00:01", f"org:{KS}")
    story.shared("2026-03-01T09:00:00", f"org:{KS}")
    story.locked("2026-09-01")

    assert story.figures().first is None


def test_what_is_public_counts_from_when_it_was_shared_with_everybody() -> None:
    story = hand()
    story.registered("2026-01-05T09:00:00", visibility="public")
    story.readable("2026-01-05T09:00:01", "public")
    # the line could read before, as everybody could: no new line, no new *readable*
    story.shared("2026-03-01T09:00:00", "public")
    story.locked("2026-09-01")

    found = story.figures()

    assert headline(story) == "public"
    assert found.first is not None
    assert found.first.since == oslo("2026-03-01T09:00:00")
    assert found.lead_class_readable is None


def test_what_is_public_and_shared_with_the_line_counts_from_the_share() -> None:
    story = hand()
    story.registered("2026-01-05T09:00:00", visibility="public")
    story.readable("2026-01-05T09:00:01", "public")
    story.shared("2026-03-01T09:00:00", "municipal")
    story.readable("2026-03-01T09:00:01", "municipal")

    found = story.figures()

    assert [body.channel for body in found.bodies] == ["municipal"]
    assert found.first is not None
    assert found.first.since == oslo("2026-03-01T09:00:01")


def test_shared_but_never_readable_has_no_class() -> None:
    story = hand()
    story.registered("2026-01-05T09:00:00")
    story.shared("2026-01-05T09:00:00")
    story.locked("2026-09-01")

    assert story.figures().first is None
    assert lead_of(story.figures()) == (None, None)


def test_what_is_said_of_words_that_have_not_come_yet_counts_once_they_come() -> None:
    """The tracker's topic may be read ahead of the owner's."""
    story = announced_and_shared()
    first, *rest = story.told
    ahead = fold(story.subject, [(told.fact, told.offset) for told in rest])
    seen = project(ahead, reader_for(NAV))

    assert earliness(seen, POLICY, oslo("2026-06-01")) is None
    assert story.figures().first is not None
    assert first.fact.type.name == "initiative.registered"


# -- the owner's word and the tracker's delay ----------------------------------------


def delayed(seconds: int, **data: str) -> Hand:
    """Shared at 23:59:00 on 4 January; readable so many seconds after it was due."""
    story = hand()
    story.registered("2026-01-04T12:00:00")
    grant = story.shared("2026-01-04T23:59:00", **data)
    due = "2026-01-04T23:59:00"
    if "not_before" in data:
        due = "2026-01-08T23:59:00"
        story.opened(due, grant)
    at = oslo(due).replace(tzinfo=None) + timedelta(seconds=seconds)
    story.readable(at.isoformat())
    story.locked("2026-04-05" if "not_before" not in data else "2026-04-09")
    return story


@pytest.mark.parametrize(
    ("seconds", "days", "range_"),
    [
        (0, 91, ("timely", None)),
        # within the minute it rests on when the other side could read
        (60, 90, ("timely", None)),
        # beyond it the delay is the tracker's, and the owner is classed by its own word
        (61, 91, ("timely", "timely")),
        (86400 * 2, 91, ("timely", "late")),
    ],
)
@pytest.mark.parametrize("embargo", [{}, {"not_before": "2026-01-08T23:59:00+01:00"}])
def test_the_owner_is_never_classed_by_the_trackers_delay(
    seconds: int, days: int, range_: tuple[str, str | None], embargo: dict[str, str]
) -> None:
    found = delayed(seconds, **embargo).figures()

    assert found.lead_days == days
    assert (found.lead_class, found.lead_class_readable) == range_


def test_a_description_said_after_its_share_is_due_when_it_is_said() -> None:
    story = hand()
    story.shared("2026-01-05T09:00:00")
    story.registered("2026-03-01T09:00:00")
    story.readable("2026-03-01T09:00:01")
    story.locked("2026-04-01")

    found = story.figures()

    assert lead_of(found) == (31, "late")
    assert found.lead_class_readable is None
    assert found.first is not None
    assert found.first.due == oslo("2026-03-01T09:00:00")


def test_what_only_the_owner_could_read_makes_no_share_early() -> None:
    story = hand()
    story.registered("2026-01-05T09:00:00", visibility="own")
    story.shared("2026-01-05T09:00:00")
    opened = story.amended("2026-03-01T09:00:00")
    story.readable("2026-03-01T09:00:01", "municipal", opened)
    story.locked("2026-04-01")

    assert lead_of(story.figures()) == (31, "late")
    assert story.figures().lead_class_readable is None
    assert lead_of(story.figures(by=KS)) == (31, "late")


def test_the_grant_that_is_due_first_is_the_share_that_counts() -> None:
    story = hand()
    story.registered("2026-01-05T09:00:00")
    story.shared(
        "2026-01-05T09:00:00",
        open_decisions=["need"],
        not_before="2026-06-01T09:00:00+02:00",
    )
    story.shared("2026-02-01T09:00:00", open_decisions=["need", "concept"])
    story.readable("2026-02-01T09:00:01")
    story.locked("2026-09-01")

    found = story.figures()

    assert found.first is not None
    assert found.first.due == oslo("2026-02-01T09:00:00")
    assert found.open_decisions == 2
    assert found.lead_class_readable is None


def test_a_grant_that_ended_before_there_was_a_description_has_opened_none() -> None:
    story = hand()
    empty = story.shared("2026-01-05T09:00:00", open_decisions=["need", "concept"])
    story.ended("2026-01-06T09:00:00", empty)
    story.registered("2026-03-01T09:00:00")
    story.shared("2026-03-02T09:00:00", open_decisions=["timeline"])
    story.readable("2026-03-02T09:00:01")
    story.locked("2026-04-01")

    found = story.figures()

    assert lead_of(found) == (30, "late")
    assert found.lead_class_readable is None
    assert found.open_decisions == 1
    assert found.ended_after_days is None


def test_an_embargo_that_ended_before_it_was_opened_has_opened_nothing() -> None:
    story = hand()
    story.registered("2026-01-05T09:00:00")
    first = story.shared("2026-01-05T09:00:00", not_before="2026-02-01T09:00:00+01:00")
    story.ended("2026-01-20T09:00:00", first)
    story.opened("2026-02-01T09:00:00", first)
    story.shared("2026-03-01T09:00:00")
    story.readable("2026-03-01T09:00:01")
    story.locked("2026-09-01")

    found = story.figures()

    assert found.first is not None
    assert found.first.due == oslo("2026-03-01T09:00:00")
    assert found.lead_class_readable is None


def test_an_embargo_moves_the_first_reading_and_is_no_delay_of_the_trackers() -> None:
    story = hand()
    story.registered("2026-01-05T09:00:00")
    grant = story.shared("2026-01-05T09:00:00", not_before="2026-03-01T09:00:00+01:00")
    story.locked("2026-04-01")
    before = story.figures()
    story.opened("2026-03-01T09:00:00.5", grant)
    story.readable("2026-03-01T09:00:01")

    after = story.figures()

    assert before.first is None
    assert lead_of(after) == (31, "late")
    assert after.lead_class_readable is None


def test_said_in_one_batch_and_ended_later_is_still_a_share() -> None:
    """What is accepted in one request has one time; its order tells it apart."""
    story = hand()
    grant = story.shared("2026-01-05T09:00:00")
    story.registered("2026-01-05T09:00:00")
    story.ended("2026-01-05T09:00:00", grant)
    story.readable("2026-01-05T09:00:00.1")

    found = story.figures()

    assert found.first is not None
    assert found.ended_after_days == 0


def test_the_share_that_the_owner_said_first_counts_of_two_in_one_batch() -> None:
    for audiences in (("municipal", f"org:{KS}"), (f"org:{KS}", "municipal")):
        story = hand()
        story.registered("2026-01-05T09:00:00")
        story.shared("2026-01-05T09:00:00", audiences[0], open_decisions=["need"])
        story.shared("2026-01-05T09:00:00", audiences[1], open_decisions=[])
        for channel in audiences:
            story.readable("2026-01-05T09:00:01", channel)

        assert story.figures().open_decisions == 1


def test_what_the_owner_said_first_counts_also_once_it_has_been_stored() -> None:
    """A state is stored in the order of its names, which is not that of the words."""
    story = hand()
    story.registered("2026-01-05T09:00:00")
    for id_, said in (("z", ["need"]), ("a", [])):
        data = {"open_decisions": said}
        audience = {"audience": "municipal", "id": id_}
        story.owner_says("2026-01-05T09:00:00", "initiative.shared", data, **audience)
    story.readable("2026-01-05T09:00:01")
    stored = from_bytes(story.subject, to_bytes(story.state))

    found = earliness(project(stored, reader_for(NAV)), POLICY, oslo("2026-06-01"))

    assert found is not None
    assert found.open_decisions == story.figures().open_decisions == 1


# -- ends, renewals, amendments ------------------------------------------------------


def test_an_ended_share_keeps_its_first_reading_and_tells_when_it_ended() -> None:
    story = announced_and_shared()
    (grant,) = story.state.shares
    story.locked(days_after(200))
    story.ended("2026-01-25T00:30:00", grant)

    found = story.figures()

    assert lead_of(found) == (200, "early")
    assert found.ended_after_days == 20


def test_after_the_end_the_other_side_keeps_the_time_and_computes_no_class() -> None:
    story = announced_and_shared()
    (grant,) = story.state.shares
    # public locks stay readable; the shared one, which is earlier, does not
    story.locked(days_after(100), key="delt")
    story.locked(days_after(300), key="åpen".replace("å", "a"), visibility="public")
    story.ended("2026-01-25T09:00:00", grant)

    found = story.figures(by=KS)

    assert found.first is not None
    assert found.first.since == oslo("2026-01-05T09:00:00")
    assert found.ended_after_days == 20
    assert found.announced is None
    assert (found.lock, found.lead_class) == (None, None)


def test_what_was_named_before_the_share_is_not_its_first_reading_after_the_end() -> (
    None
):
    story = hand()
    named = {"visibility": "named", "recipients": KS}
    for at in ("2026-01-05T09:00:00", "2026-01-06T09:00:00"):
        told = story.amended(at, **named)
        story.readable(at, f"org:{KS}", told)
    for_all = story.registered("2026-03-01T09:00:00")
    grant = story.shared("2026-03-01T09:00:00", f"org:{KS}")
    story.readable("2026-03-01T09:00:01", f"org:{KS}", for_all)
    story.ended("2026-04-01T09:00:00", grant)

    for reader in (NAV, KS):
        first = story.figures(by=reader).first
        assert first is not None
        assert first.since == oslo("2026-03-01T09:00:01")


def test_what_was_named_during_a_share_that_opened_nothing_counts_for_nobody() -> None:
    story = hand()
    named = {"visibility": "named", "recipients": KS}
    story.registered("2026-01-05T09:00:00", **named)
    grant = story.shared("2026-01-06T09:00:00", f"org:{KS}")
    told = story.amended("2026-01-07T09:00:00", **named)
    again = story.amended("2026-01-08T09:00:00", **named)
    story.readable("2026-01-08T09:00:01", f"org:{KS}", told, again)
    story.ended("2026-02-01T09:00:00", grant)

    for reader in (NAV, KS):
        found = earliness(story.seen_by(reader), POLICY, oslo("2026-06-01"))
        assert found is None or found.first is None


def test_what_is_public_after_an_empty_share_has_ended_counts_for_nobody() -> None:
    story = hand()
    grant = story.shared("2026-01-06T09:00:00", "public")
    story.ended("2026-02-01T09:00:00", grant)
    said = story.registered("2026-03-01T09:00:00", visibility="public")
    changed = story.amended("2026-04-01T09:00:00", visibility="public")
    again = story.amended("2026-05-01T09:00:00", visibility="public")
    story.readable("2026-05-01T09:00:01", "public", said, changed, again)

    for reader in (NAV, KS):
        assert story.figures(by=reader).first is None


def test_a_renewed_share_resets_nothing_and_hides_no_gap() -> None:
    story = announced_and_shared()
    (grant,) = story.state.shares
    story.locked(days_after(200))
    story.ended("2026-01-07T09:00:00", grant)
    story.shared("2026-07-01T09:00:00", open_decisions=["timeline"])
    story.readable("2026-07-01T09:00:01")

    for reader in (NAV, KS):
        found = story.figures(by=reader)
        assert lead_of(found) == (200, "early")
        assert found.ended_after_days == 2
        assert found.open_decisions is None


def test_a_share_that_another_takes_over_from_has_not_ended_for_the_reader() -> None:
    story = announced_and_shared(audience=f"org:{KS}")
    (grant,) = story.state.shares
    later = story.shared("2026-01-20T09:00:00", "municipal")
    story.readable("2026-01-20T09:00:01", "municipal")
    story.ended("2026-01-25T09:00:00", grant)
    still = story.figures()
    story.ended("2026-02-04T09:00:00", later)

    ended = story.figures()

    assert still.ended_after_days is None
    assert ended.ended_after_days == 30


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_an_amendment_does_not_move_the_first_reading(*, before: bool) -> None:
    story = hand()
    said = story.registered("2026-01-05T08:00:00")
    if before:
        story.amended("2026-01-05T08:30:00")
    story.shared("2026-01-05T09:00:00")
    story.readable("2026-01-05T09:00:00")
    if not before:
        changed = story.amended("2026-03-01T09:00:00")
        story.readable("2026-03-01T09:00:00", "municipal", changed)
    story.locked(days_after(180))

    found = story.figures()

    assert lead_of(found) == (180, "early")
    assert found.lead_class_readable is None
    assert said


def test_announced_again_does_not_move_the_announcement() -> None:
    story = announced_and_shared()
    story.registered("2026-03-01T09:00:00")

    assert story.figures().announced == oslo("2026-01-05T09:00:00")


# -- open decisions ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "count"),
    [
        ({}, None),
        ({"open_decisions": None}, None),
        ({"open_decisions": []}, 0),
        ({"open_decisions": ["need", "concept", "timeline"]}, 3),
    ],
)
def test_open_decisions_are_those_of_the_first_share_and_unknown_is_not_none_open(
    data: dict[str, Any], count: int | None
) -> None:
    story = hand()
    story.registered("2026-01-05T09:00:00")
    story.shared("2026-01-05T09:00:00", **data)
    story.readable("2026-01-05T09:00:01")
    story.shared("2026-02-01T09:00:00", open_decisions=["need"])

    found = story.figures()

    assert found.open_decisions == count
    assert found.decisions == 8


# -- who sees it ---------------------------------------------------------------------


def test_both_sides_see_the_same_figures_and_each_reader_what_it_may() -> None:
    story = announced_and_shared(audience=f"org:{KS}")
    story.shared("2026-02-01T09:00:00", "municipal state")
    story.readable("2026-02-01T09:00:01", "municipal")
    story.readable("2026-02-01T09:00:01", "state")
    story.locked(days_after(100))

    owners, ks, narvik, digdir = (
        story.figures(by=reader) for reader in (NAV, KS, NARVIK, DIGDIR)
    )

    assert lead_of(owners) == lead_of(ks) == (100, "timely")
    assert earliness_json(owners) == earliness_json(ks)
    # it was not told of the earlier share to KS
    assert lead_of(narvik) == (73, "late")
    assert digdir.bodies == ()


def test_who_has_but_public_or_named_facts_gets_no_figure() -> None:
    story = hand()
    story.registered("2026-01-05T09:00:00", visibility="public")
    story.readable("2026-01-05T09:00:01", "public")
    story.shared("2026-01-05T09:00:00", "municipal")
    story.locked("2026-09-01", visibility="public")

    partial = story.seen_by("public")

    assert partial.partial
    assert earliness(partial, POLICY, oslo("2026-06-01")) is None


def test_nothing_is_computed_before_anything_is_announced() -> None:
    story = hand()
    story.shared("2026-01-05T09:00:00")
    story.locked("2026-09-01")

    assert earliness(story.seen_by(NAV), POLICY, oslo("2026-06-01")) is None
