"""The rules of the arena one by one: what is taken, what is refused, and by which."""

from datetime import UTC, date, datetime, timedelta

import pytest

from schemas.arena import ActPrepared, AgendaEntry, Attendance, ItemClosed
from schemas.rulesets import oslo_day
from schemas.topics import Line
from services.consultation.policies import criteria
from services.consultation.rules import (
    Around,
    Asked,
    Item,
    Meeting,
    Refusal,
    Said,
    commands,
    deadlines,
    decide,
    evolve,
    fire,
)
from services.consultation.rules.commitments import commitment
from services.consultation.rules.days import after_working_days, end_of, is_working
from services.consultation.rules.decisions import coverage
from services.consultation.rules.running import follow_up_due

from .ground import COUNCIL, GROUND, LINES, PAIRS, actor
from .telling import STAGE_AFTER, WAY, by_both, item_of, taken, told
from .walking import ITEMS, MEETINGS, PROPOSAL, Walk, acts_on, advice, nonce_of

SUBJECT = ITEMS[0]
TEXT = "Vi ser dette annerledes."
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def walk_to(part: str) -> Walk:
    """A walk in which the usual way has been gone to and through this part."""
    names = [each.__name__ for each in WAY]
    return told(Walk(GROUND), names.index(part) + 1)


def refused(
    walk: Walk, command: commands.Command, line: Line, role: str = "central"
) -> str:
    answer = walk.ask(SUBJECT, command, actor(role, line))
    assert isinstance(answer, Refusal), answer
    assert answer.citation
    return answer.rule


@pytest.mark.parametrize(("part", "stage"), list(zip(WAY, STAGE_AFTER, strict=True)))
def test_the_usual_way_goes_through_every_stage(part: object, stage: str) -> None:
    walk = walk_to(part.__name__)  # type: ignore[attr-defined]

    assert item_of(walk, SUBJECT).stage == stage


def test_each_line_admits_its_own_items_and_cannot_hinder_the_others() -> None:
    walk = Walk(GROUND)
    taken(walk, SUBJECT, PROPOSAL, "state")

    assert refused(walk, commands.Admit(), "municipal") == "own_line"
    assert refused(walk, commands.Withdraw(reason=TEXT), "municipal") == "own_line"
    taken(walk, SUBJECT, commands.Admit(), "state")


def test_nobody_acts_for_the_other_line() -> None:
    walk = walk_to("drafted")
    draft = item_of(walk, SUBJECT).draft
    assert draft is not None
    command = commands.TakePosition(hash=draft.hash, position="endorse")
    seen = walk.boards[SUBJECT].version
    asked = Asked(
        SUBJECT, command, actor("central", "state"), walk.now, seen, "municipal"
    )

    answer = decide(walk.boards[SUBJECT], asked, GROUND)

    assert isinstance(answer, Refusal)
    assert (answer.rule, answer.status) == ("own_line", 403)


@pytest.mark.parametrize("role", ["reads", "past", "affected", "stranger"])
def test_who_acts_for_a_line_is_in_the_mandate_of_the_day(role: str) -> None:
    walk = Walk(GROUND)

    assert refused(walk, PROPOSAL, "state", role) == "mandate"
    walk.now = datetime(2025, 12, 1, 9, tzinfo=UTC)
    if role == "past":
        assert not isinstance(
            walk.ask(SUBJECT, PROPOSAL, actor(role, "state")), Refusal
        )


def test_one_line_alone_prepares_and_never_issues() -> None:
    walk = walk_to("positioned")
    draft = item_of(walk, SUBJECT).draft
    assert draft is not None
    prepare = commands.Prepare(act=commands.IssueAdvice(hash=draft.hash))
    (said,) = taken(walk, SUBJECT, prepare, "state")

    assert refused(walk, commands.Approve(hash=said.data.hash), "state") == "both_lines"
    assert item_of(walk, SUBJECT).advice is None
    (_, issued) = taken(
        walk, SUBJECT, commands.Approve(hash=said.data.hash), "municipal"
    )
    assert issued.line is None
    assert issued.data.actors == (
        "municipal:secretary:central-1",
        "state:secretary:central-1",
    )


def test_what_nobody_objects_to_takes_effect_when_its_window_has_passed() -> None:
    walk = walk_to("proposed")
    prepare = commands.Prepare(act=next(acts_on(item_of(walk, SUBJECT), 0)))
    (said,) = taken(walk, SUBJECT, prepare, "state")

    walk.pass_time(said.data.window_ends - walk.now - timedelta(seconds=1))
    assert item_of(walk, SUBJECT).stage == "admitted"
    walk.pass_time(timedelta(seconds=1))
    assert item_of(walk, SUBJECT).stage == "prepared"


def test_a_line_objects_once_and_then_no_more() -> None:
    walk = walk_to("proposed")
    paper = next(acts_on(item_of(walk, SUBJECT), 0))
    (said,) = taken(walk, SUBJECT, commands.Prepare(act=paper), "state")
    objection = commands.Object(hash=said.data.hash, reason=TEXT)
    taken(walk, SUBJECT, objection, "municipal")
    walk.pass_time(timedelta(days=60))
    assert item_of(walk, SUBJECT).stage == "admitted"

    (again,) = taken(walk, SUBJECT, commands.Prepare(act=paper), "state")

    objection = commands.Object(hash=again.data.hash, reason=TEXT)
    assert refused(walk, objection, "municipal") == "one_objection"
    walk.pass_time(timedelta(days=60))
    assert item_of(walk, SUBJECT).stage == "prepared"


def test_a_deferral_is_had_once_and_ends_by_itself() -> None:
    walk = walk_to("proposed")
    until = oslo_day(walk.now) + timedelta(days=20)
    deferral = commands.AskDeferral(until=until, reason=TEXT)
    taken(walk, SUBJECT, deferral, "municipal")
    paper = commands.Prepare(act=next(acts_on(item_of(walk, SUBJECT), 0)))

    assert refused(walk, deferral, "municipal") == "one_deferral"
    assert refused(walk, paper, "state") == "deferred"
    walk.pass_time(timedelta(days=20))
    by_both(walk, SUBJECT, paper, "state")


def test_a_deferral_is_no_veto_by_its_length() -> None:
    walk = walk_to("proposed")
    until = oslo_day(walk.now) + timedelta(days=46)

    asked = commands.AskDeferral(until=until, reason=TEXT)

    assert refused(walk, asked, "municipal") == "longest_deferral"


def test_the_chair_alternates() -> None:
    walk = Walk(GROUND)
    chairs = []
    # also into the next year, where numbers begin anew
    for number in ("1-26", "2-26", "1-27", "2-27"):
        meeting = f"meeting:nav:{number}"
        act = commands.ScheduleMeeting(arena="nav", day=oslo_day(walk.now))
        by_both(walk, meeting, commands.Call(act=act), "municipal")
        board = walk.boards[meeting]
        assert isinstance(board, Meeting)
        chairs.append(board.chair)

    assert chairs == ["state", "municipal", "state", "municipal"]


def test_somebody_who_has_seen_an_older_state_is_told_so() -> None:
    walk = walk_to("prepared")
    asked = Asked(SUBJECT, commands.Admit(), actor("central", "state"), walk.now, 1)

    answer = decide(walk.boards[SUBJECT], asked, GROUND)

    assert isinstance(answer, Refusal)
    assert (answer.rule, answer.status) == ("changed_meanwhile", 409)


def scoring_opened() -> Walk:
    walk = walk_to("prepared")
    act = commands.OpenScoring(criteria="criteria-1")
    by_both(walk, SUBJECT, commands.Prepare(act=act), "state")
    return walk


def commit_and_reveal(line: Line) -> tuple[commands.Commit, commands.Reveal]:
    card = dict.fromkeys(criteria("criteria-1").weights, 2)
    nonce = nonce_of(SUBJECT, line, 1)
    bound = commitment(nonce, line, SUBJECT, "criteria-1", 1, card)
    return (
        commands.Commit(round=1, hash=bound),
        commands.Reveal(round=1, nonce=nonce, scorecard=card),
    )


def test_the_first_scorecard_stays_sealed_until_the_second() -> None:
    walk = scoring_opened()
    for line in LINES:
        taken(walk, SUBJECT, commit_and_reveal(line)[0], line)

    (sealed,) = taken(walk, SUBJECT, commit_and_reveal("state")[1], "state")

    assert sealed.name == "arena.scores.sealed"
    assert nonce_of(SUBJECT, "state", 1) not in sealed.data.model_dump_json()
    assert not item_of(walk, SUBJECT).rounds[0].cards
    (_, opened) = taken(walk, SUBJECT, commit_and_reveal("municipal")[1], "municipal")
    assert {card.line for card in opened.data.cards} == {"state", "municipal"}


def test_nobody_reveals_while_the_other_may_still_commit() -> None:
    walk = scoring_opened()
    commit, reveal = commit_and_reveal("state")
    taken(walk, SUBJECT, commit, "state")

    assert refused(walk, reveal, "state") == "both_commit_first"


def test_a_copied_commitment_is_refused_and_opens_nothing() -> None:
    walk = scoring_opened()
    commit, _ = commit_and_reveal("state")
    taken(walk, SUBJECT, commit, "state")

    assert refused(walk, commit, "municipal") == "copied_commitment"


def test_a_commitment_of_the_other_line_cannot_be_opened_as_ones_own() -> None:
    """The line is in what is hashed: the same nonce and scorecard give another hash."""
    walk = scoring_opened()
    commit, reveal = commit_and_reveal("state")
    own, _ = commit_and_reveal("municipal")
    taken(walk, SUBJECT, commit, "state")
    taken(walk, SUBJECT, own, "municipal")

    assert refused(walk, reveal, "municipal") == "commitment"


def test_a_scorecard_that_was_not_committed_to_is_refused() -> None:
    walk = scoring_opened()
    for line in LINES:
        taken(walk, SUBJECT, commit_and_reveal(line)[0], line)
    _, reveal = commit_and_reveal("state")
    other = reveal.model_copy(update={"scorecard": {**reveal.scorecard, "reach": 4}})

    assert refused(walk, other, "state") == "commitment"


def test_who_reveals_nothing_in_time_has_no_scores_and_the_item_goes_on() -> None:
    walk = scoring_opened()
    for line in LINES:
        taken(walk, SUBJECT, commit_and_reveal(line)[0], line)
    taken(walk, SUBJECT, commit_and_reveal("state")[1], "state")

    walk.pass_time(timedelta(days=30))

    begun = item_of(walk, SUBJECT).rounds[0]
    assert begun.no_scores == ("municipal",)
    assert set(begun.cards) == {"state"}
    assert item_of(walk, SUBJECT).stage == "prepared"


def test_a_changed_text_voids_positions_and_answers_to_the_old_one_are_refused() -> (
    None
):
    walk = walk_to("positioned")
    old = item_of(walk, SUBJECT).draft
    assert old is not None
    act = commands.DraftAdvice(advice=advice("now", "state"))
    by_both(walk, SUBJECT, commands.Prepare(act=act), "state")

    item = item_of(walk, SUBJECT)
    assert item.draft is not None
    assert item.draft.positions == {}
    assert {each.line for each in item.voided} == {"state", "municipal"}
    asked = commands.TakePosition(hash=old.hash, position="endorse")
    assert refused(walk, asked, "state") == "old_text"


def test_silence_is_recorded_by_the_tracker_and_blocks_nothing() -> None:
    walk = walk_to("drafted")
    draft = item_of(walk, SUBJECT).draft
    assert draft is not None
    endorse = commands.TakePosition(hash=draft.hash, position="endorse")
    taken(walk, SUBJECT, endorse, "state")

    walk.pass_time(draft.position_before - walk.now)

    positions = item_of(walk, SUBJECT).draft.positions  # type: ignore[union-attr]
    assert positions["municipal"].position == "no_position"
    assert item_of(walk, SUBJECT).stage == "positions_complete"
    said = walk.facts[-1]
    assert (said.name, said.line, said.org) == ("silence.noted", None, None)


def test_a_position_that_was_accepted_in_time_voids_the_silence() -> None:
    """Accepted at 23:59:59, decided on after midnight: there was no silence."""
    walk = walk_to("drafted")
    draft = item_of(walk, SUBJECT).draft
    assert draft is not None
    walk.pass_time(draft.position_before - walk.now)
    walk.now = draft.position_before - timedelta(seconds=1)

    dissent = commands.TakePosition(hash=draft.hash, position="dissent", text=TEXT)
    taken(walk, SUBJECT, dissent, "municipal")

    found = item_of(walk, SUBJECT).draft.positions["municipal"]  # type: ignore[union-attr]
    assert (found.position, found.text) == ("dissent", TEXT)
    walk.now = draft.position_before
    late = commands.TakePosition(hash=draft.hash, position="endorse")
    assert refused(walk, late, "state") == "window_passed"


def test_fifteen_working_days_leave_out_norwegian_holidays() -> None:
    drafted = datetime(2026, 3, 16, 9, tzinfo=UTC)

    # Easter of 2026: Maundy Thursday 2 April to Easter Monday 6 April
    assert after_working_days(drafted, 15) == end_of(date(2026, 4, 9))
    assert not is_working(date(2026, 5, 14))
    assert is_working(date(2026, 12, 24))


def test_a_day_in_norway_ends_at_its_own_midnight() -> None:
    assert end_of(date(2026, 7, 1)) == datetime(2026, 7, 1, 22, tzinfo=UTC)
    assert end_of(date(2026, 12, 1)) == datetime(2026, 12, 1, 23, tzinfo=UTC)


def test_a_draft_is_challenged_within_ten_working_days() -> None:
    walk = walk_to("drafted")
    draft = item_of(walk, SUBJECT).draft
    assert draft is not None
    challenge = commands.ChallengeDraft(hash=draft.hash, text=TEXT)
    taken(walk, SUBJECT, challenge, "municipal")
    walk.now = draft.challenge_before

    assert refused(walk, challenge, "state") == "window_passed"
    assert item_of(walk, SUBJECT).challenges[0].text == TEXT


def test_dissent_stands_unedited_beside_the_advice() -> None:
    walk = walk_to("issued")
    given = item_of(walk, SUBJECT).advice

    assert given is not None
    assert given.positions["municipal"].position == "dissent"
    assert given.positions["municipal"].text == "Kostnadene er for lavt anslått."


def test_bodies_decide_for_themselves_and_coverage_counts_the_affected() -> None:
    walk = walk_to("issued")
    given = item_of(walk, SUBJECT).advice
    assert given is not None
    asked = commands.Decide(
        hash=given.hash,
        outcome="adopted",
        reason=TEXT,
        decided=oslo_day(walk.now),
        body="Kommunestyret",
    )

    assert refused(walk, asked, "municipal", "stranger") == "affected"
    answer = walk.ask(SUBJECT, asked, actor("affected", "municipal"))
    assert not isinstance(answer, Refusal)
    item = item_of(walk, SUBJECT)
    assert item.decisions[0].municipality == COUNCIL
    assert item.decisions[0].orgnr == PAIRS["affected"][1]
    assert item.stage == "issued"
    counted = {
        each.line: (each.decided, each.affected)
        for each in coverage(item, given.hash, walk.now, GROUND)
    }
    assert counted == {"state": (0, 1), "municipal": (1, 1)}


def test_no_body_decides_for_another_municipality() -> None:
    walk = walk_to("issued")
    given = item_of(walk, SUBJECT).advice
    assert given is not None
    asked = commands.Decide(
        hash=given.hash,
        outcome="adopted",
        reason=TEXT,
        decided=oslo_day(walk.now),
        body="Kommunestyret",
        municipality="0301",
    )

    assert refused(walk, asked, "municipal", "affected") == "own_line"
    assert refused(walk, asked, "municipal") == "own_line"


def test_ninety_days_without_a_word_are_overdue_and_a_word_ends_that() -> None:
    walk = walk_to("decided")
    item = item_of(walk, SUBJECT)
    due = follow_up_due(item, "state", GROUND)
    assert due == end_of(oslo_day(item.decisions[0].at) + timedelta(days=90))

    walk.pass_time(due - walk.now)

    assert set(item_of(walk, SUBJECT).overdue) == {"state", "municipal"}
    given = item_of(walk, SUBJECT).advice
    assert given is not None
    word = commands.Follow(hash=given.hash, outcome="followed", reason=TEXT)
    taken(walk, SUBJECT, word, "state")
    assert set(item_of(walk, SUBJECT).overdue) == {"municipal"}


def test_after_days_of_downtime_deadlines_fire_once_and_in_order() -> None:
    walk = walk_to("drafted")
    walk.pass_time(timedelta(days=200))
    names = [said.name for said in walk.facts]

    assert names.count("silence.noted") == 2
    walk.pass_time(timedelta(days=1))
    assert [said.name for said in walk.facts] == names


def test_a_deadline_that_has_not_passed_says_nothing() -> None:
    walk = walk_to("drafted")
    item = item_of(walk, SUBJECT)
    (first, *_) = deadlines(item, GROUND)

    assert fire(item, first, GROUND, Around(), first.due - timedelta(seconds=1)) == ()
    assert fire(item, first, GROUND, Around(), first.due) != ()


def test_only_items_of_the_agenda_with_a_paper_are_heard() -> None:
    walk = walk_to("proposed")
    meeting = MEETINGS[0]
    act = commands.ScheduleMeeting(arena="nav", day=oslo_day(walk.now))
    by_both(walk, meeting, commands.Call(act=act), "state")
    agenda = commands.PublishAgenda(entries=(AgendaEntry(item=SUBJECT),))
    by_both(walk, meeting, commands.PrepareForMeeting(act=agenda), "state")
    held = commands.HoldMeeting(
        heard=(SUBJECT,), attendance=Attendance(state=1, municipal=1)
    )

    command = commands.PrepareForMeeting(act=held)
    answer = walk.ask(meeting, command, actor("central", "state"))
    assert isinstance(answer, Refusal)
    assert answer.rule == "workflow"


def test_a_corrected_text_of_the_minutes_is_approved_anew() -> None:
    walk = walk_to("heard")
    meeting = MEETINGS[0]
    act = commands.ApproveMinutes(hash="a" * 64)
    by_both(walk, meeting, commands.PrepareForMeeting(act=act), "state")
    board = walk.boards[meeting]
    assert isinstance(board, Meeting)
    assert board.stage == "minuted"

    taken(walk, meeting, commands.CorrectMinutes(text=TEXT), "municipal")

    board = walk.boards[meeting]
    assert isinstance(board, Meeting)
    assert (board.stage, board.minutes_hash) == ("held", None)
    assert board.corrections[0].text == TEXT


def test_minutes_are_never_approved_by_time() -> None:
    walk = walk_to("heard")
    act = commands.ApproveMinutes(hash="a" * 64)
    (said,) = taken(walk, MEETINGS[0], commands.PrepareForMeeting(act=act), "state")

    assert said.data.window_ends is None
    walk.pass_time(timedelta(days=300))
    board = walk.boards[MEETINGS[0]]
    assert isinstance(board, Meeting)
    assert board.stage == "held"


def test_a_disagreement_is_over_once_both_lines_say_so() -> None:
    walk = walk_to("prepared")
    opened = commands.OpenDisagreement(
        key="drift", topic="cost", text=TEXT, procedure="Fagmøte innen 1. mars"
    )
    taken(walk, SUBJECT, opened, "municipal")
    settle = commands.CloseDisagreement(key="drift", outcome="Enige om 4 mill.")
    taken(walk, SUBJECT, settle, "municipal")

    assert item_of(walk, SUBJECT).disagreements["drift"].is_open
    assert refused(walk, settle, "municipal") == "what_is_said_stands"
    taken(walk, SUBJECT, settle, "state")
    assert not item_of(walk, SUBJECT).disagreements["drift"].is_open


def test_a_withdrawn_item_takes_nothing_more() -> None:
    walk = walk_to("prepared")
    taken(walk, SUBJECT, commands.Withdraw(reason=TEXT), "state")

    assert refused(walk, commands.Admit(), "state") == "workflow"
    item = item_of(walk, SUBJECT)
    assert isinstance(item, Item)
    assert item.is_over


def test_what_waits_takes_no_effect_on_an_item_that_is_closed() -> None:
    """A later version may be prepared and both have followed up the earlier one."""
    item = item_of(walk_to("drafted"), SUBJECT)
    act = ActPrepared(
        initiatives=item.initiatives,
        kind="issue",
        content={"hash": item.draft.hash if item.draft else ""},
        hash="0" * 64,
        window_ends=NOW,
    )
    said = Said(SUBJECT, "arena.act.prepared", NOW, act, "state", actor="a")
    waits = evolve(item, said)
    closing = ItemClosed(
        initiatives=item.initiatives, actors=(actor("central", "state").label,)
    )
    closed = evolve(waits, Said(SUBJECT, "arena.item.closed", NOW, closing))

    assert [each.act for each in deadlines(waits, GROUND) if each.act] == ["issue"]
    assert deadlines(closed, GROUND) == []


def test_every_fact_of_the_arenas_name_has_its_actors_sorted() -> None:
    walk = walk_to("closed")
    named: list[Said] = [
        said
        for said in walk.facts
        if said.line is None and said.name not in ("silence.noted", "duty.overdue")
    ]

    assert len(named) > 8
    for said in named:
        actors = said.data.actors  # type: ignore[attr-defined]
        assert list(actors) == sorted(actors)
        assert len({label.split(":")[0] for label in actors}) == 2
