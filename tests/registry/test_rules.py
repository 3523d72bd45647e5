"""The fold: nobody sees more than it may, and the order of reading does not matter."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.policy import Reader, may_read
from services.registry.earliness import earliness
from services.registry.policies import phase_policy
from services.registry.rules import Projection, everything, fold, project
from services.registry.state import State, from_bytes, to_bytes
from services.registry.view import Json, earliness_json, view
from tests.histories import READERS, Told, histories, interleaved
from tests.registry.hand import POLICY
from tests.schemas.said import AID, KS, NAV

MANY = settings(max_examples=500)
SOME = settings(max_examples=200)
AT = datetime(2026, 7, 1, tzinfo=UTC)


def folded(history: list[Told], subject: str = "") -> State:
    subject = subject or (history[0].fact.subject if history else "889640782:none")
    return fold(subject, [(told.fact, told.offset) for told in history])


def may_be_read(history: list[Told], reader: Reader) -> list[Told]:
    grants = folded(history).grants
    return [told for told in history if may_read(told.fact, reader, grants)]


def shown(seen: Projection) -> Json:
    found = earliness_json(earliness(seen, POLICY, AT))
    return {**view(seen, phase_policy()), "earliness": found}


@MANY
@given(histories(), st.sampled_from(sorted(READERS)))
def test_what_a_reader_sees_is_the_fold_of_what_it_may_read(
    history: list[Told], name: str
) -> None:
    seen = project(folded(history), READERS[name])
    alone = folded(may_be_read(history, READERS[name]), seen.subject)

    naive = replace(everything(alone), partial=seen.partial, whole=seen.whole)

    assert shown(seen) == shown(naive)


@MANY
@given(histories(), st.sampled_from(sorted(READERS)))
def test_an_initiative_is_there_for_a_reader_who_may_read_any_fact_of_it(
    history: list[Told], name: str
) -> None:
    seen = project(folded(history), READERS[name])

    assert seen.empty == (not may_be_read(history, READERS[name]))


@MANY
@given(st.data())
def test_in_whatever_order_the_topics_are_read_the_same_stands(
    data: st.DataObject,
) -> None:
    history = data.draw(histories())

    again = interleaved(data.draw, history)

    assert to_bytes(folded(again)) == to_bytes(folded(history))


@SOME
@given(st.data())
def test_a_fact_that_comes_out_of_its_turn_changes_nothing_of_what_stands(
    data: st.DataObject,
) -> None:
    history = data.draw(histories())

    again = data.draw(st.permutations(history))

    assert to_bytes(folded(again)) == to_bytes(folded(history))


@SOME
@given(histories())
def test_a_state_that_was_stored_is_the_state(history: list[Told]) -> None:
    state = folded(history)

    assert from_bytes(state.subject, to_bytes(state)) == state


@SOME
@given(histories())
def test_owner_and_central_body_see_the_same_class_while_both_read_the_whole(
    history: list[Told],
) -> None:
    state = folded(history)
    body = KS if state.owner == NAV else AID
    owners, theirs = (project(state, READERS[each]) for each in (state.owner, body))

    if theirs.whole:
        assert headline(theirs) == headline(owners)


def headline(seen: Projection) -> tuple[object, ...] | None:
    """The figures that rest on the first reading; None where there is none."""
    found = earliness(seen, POLICY, AT)
    if found is None or found.first is None:
        return None
    return (
        found.first,
        found.lock,
        found.basis,
        found.lead_days,
        found.lead_class,
        found.lead_class_readable,
        found.open_decisions,
        found.ended_after_days,
    )


@SOME
@given(histories(), st.sampled_from(sorted(READERS)))
def test_who_is_covered_by_no_grant_gets_no_figure_and_no_phase(
    history: list[Told], name: str
) -> None:
    seen = project(folded(history), READERS[name])
    found = shown(seen)

    if seen.partial:
        assert found["earliness"] is None
        assert found["phase"] is None
        assert found["shares"] == []
    if not seen.whole and found["earliness"] is not None:
        assert found["earliness"]["class"] is None
        assert found["earliness"]["first_lock"] is None
