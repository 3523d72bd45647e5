"""Mistakes in what the registry makes of facts."""

from collections.abc import Iterable
from datetime import datetime
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from schemas.fact import Fact
from schemas.identity import Ref
from schemas.policy import Grant
from services.delivery import rules as delivery
from services.registry import corrections, rules, view
from services.registry import state as states
from services.registry.corrections import Verdict
from services.registry.rules import Projection
from services.registry.state import Corrections, Entry, Moment, Share, State
from tests.properties.taking import AT


def last_writer_by_arrival_wins(patch: pytest.MonkeyPatch) -> None:
    """Of whatever speaker: what was read last stands."""
    arrivals, bare_entry = count(), rules.bare_entry

    def by_arrival(fact: Fact, _: int) -> Entry:
        return replace(bare_entry(fact, next(arrivals)), speaker=fact.owner)

    patch.setattr(rules, "bare_entry", by_arrival)


def an_opening_that_is_read_last_undoes_the_end(patch: pytest.MonkeyPatch) -> None:
    with_share = rules.with_share

    def last_wins(state: State, fact: Fact, ref: Ref, order: int) -> State:
        after = with_share(state, fact, ref, order)
        if fact.type.name != "share.opened":
            return after
        live = replace(after.shares[ref], ended=None)
        return replace(after, shares={**after.shares, ref: live})

    patch.setattr(rules, "with_share", last_wins)


def policy_after_the_fold(patch: pytest.MonkeyPatch) -> None:
    """What stands for all, of which the reader is shown what it may read."""
    seen = rules.seen

    def late(state: State, *, reads: Any, **others: Any) -> Projection:
        whole = seen(state, reads=lambda _: True, **others)
        mine = {key: each for key, each in whole.standing.items() if reads(each)}
        right = seen(state, reads=reads, **others)
        return replace(right, standing=mine)

    patch.setattr(rules, "seen", late)


def nothing_is_folded_again(patch: pytest.MonkeyPatch) -> None:
    """What is withdrawn goes, and what stood before it does not come back."""
    patch.setattr("tests.properties.taking.to_be_folded_again", lambda _: False)


def embargo_by_clock(patch: pytest.MonkeyPatch) -> None:
    """It opens when its time has come, whether the tracker has said so or not."""

    def by_clock(share: Share) -> Grant:
        due = share.not_before is None or share.not_before <= AT
        is_open = share.shared is not None and due
        audience = frozenset(share.audience)
        return Grant(share.ref, audience, is_open, share.ended is not None)

    patch.setattr(states.Share, "grant", property(by_clock))


def embargo_by_clock_in_delivery(patch: pytest.MonkeyPatch) -> None:
    def by_clock(share: delivery.Share) -> Grant:
        due = share.not_before is None or share.not_before <= AT
        return Grant(share.ref, share.audience, share.known and due, share.ended)

    patch.setattr(delivery.Share, "grant", property(by_clock))


def an_end_leaves_the_lines_of_the_log(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(delivery.Initiative, "close", lambda *_: None)


def what_was_said_of_a_fact_before_it_came_stays_closed(
    patch: pytest.MonkeyPatch,
) -> None:
    """Delivery looks at a correction when it comes, and never again."""
    revise = delivery.Initiative.revise

    def first_alone(
        initiative: delivery.Initiative, facts: Iterable[delivery.Said]
    ) -> None:
        found = list(facts)
        revise(initiative, found if found[-1].grant else found[:1])

    patch.setattr(delivery.Initiative, "revise", first_alone)


def a_number_that_counts_secrets(patch: pytest.MonkeyPatch) -> None:
    """Where a fact lies tells how much else was said."""
    when = view.when

    def with_offset(said: Entry | Moment) -> Any:
        return {**when(said), "number": said.order}

    patch.setattr(view, "when", with_offset)


def a_correction_comes_on_top(patch: pytest.MonkeyPatch) -> None:
    """It stands where it was said, and not in the place of what it corrects."""
    entries_of = rules.entries_of

    def on_top(fact: Fact, bare: Entry, found: Verdict) -> Iterable[Entry]:
        if found.corrected is not None:
            bare = replace(bare, order=found.corrected.order)
        return entries_of(fact, bare, found)

    patch.setattr(rules, "entries_of", on_top)


def a_correction_undoes_a_withdrawal(patch: pytest.MonkeyPatch) -> None:
    verdict = corrections.verdict

    def revived(known: Corrections, fact: Fact) -> Verdict:
        found = corrections.about(known, fact.ref)
        last = [each for each in found if each.type.startswith("fact.c")][-1:]
        withdrawn = [each for each in found if each.type == "fact.withdrawn"]
        if last and withdrawn and last[0].said.order > withdrawn[-1].said.order:
            left = {r: c for r, c in known.items() if c.type != "fact.withdrawn"}
            return verdict(left, fact)
        return verdict(known, fact)

    patch.setattr(rules, "verdict", revived)


def the_first_correction_counts(patch: pytest.MonkeyPatch) -> None:
    about = corrections.about
    patch.setattr(corrections, "about", lambda *known: list(reversed(about(*known))))


def what_was_reinstated_stays_set_aside(patch: pytest.MonkeyPatch) -> None:
    verdict = corrections.verdict

    def for_good(known: Corrections, fact: Fact) -> Verdict:
        left = {r: c for r, c in known.items() if c.type != "fact.reinstated"}
        return verdict(left, fact)

    patch.setattr(rules, "verdict", for_good)


def a_correction_of_the_wrong_type_counts(patch: pytest.MonkeyPatch) -> None:
    verdict = corrections.verdict

    def careless(known: Corrections, fact: Fact) -> Verdict:
        retyped = {r: replace(c, target_type=fact.type.name) for r, c in known.items()}
        found = verdict(retyped, fact)
        return found if found.left_out else verdict(known, fact)

    patch.setattr(rules, "verdict", careless)


def the_first_announcement_is_one_for_all(patch: pytest.MonkeyPatch) -> None:
    """Kept once, whoever may read it: an early secret hides what others may know."""
    with_first = rules.with_first

    def one(state: State, fact: Fact, bare: Entry) -> Any:
        kept = [e for e in state.first_said.values() if e.type == fact.type.name]
        if kept and kept[0].order < bare.order:
            return state.first_said
        return with_first(replace(state, first_said={}), fact, bare)

    patch.setattr(rules, "with_first", one)


def an_earlier_time_is_judged_by_its_own_grants(patch: pytest.MonkeyPatch) -> None:
    project = rules.project
    patch.setattr(
        "tests.properties.test_as_of.project",
        lambda state, reader, _=None: project(state, reader),
    )


def readable_is_when_it_was_said_last(patch: pytest.MonkeyPatch) -> None:
    """Of several words about one fact and channel the latest moment."""
    with_readable = rules.with_readable

    def latest(state: State, data: Any, at: datetime) -> State:
        before = dict(state.readable)
        before.pop(data.channel, None)
        return with_readable(replace(state, readable=before), data, at)

    patch.setattr(rules, "with_readable", latest)
