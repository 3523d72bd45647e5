"""The fold: what stands out of turn, what is stored, and who gets which figure.

Order, secrets and the mirror are properties of their own: `tests/properties`.
"""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.earliness import earliness
from services.registry.policies import contradiction_policy, phase_policy
from services.registry.rules import Projection, fold, project
from services.registry.state import State, from_bytes, to_bytes
from services.registry.view import Json, earliness_json, view
from tests.histories import READERS, Told, histories
from tests.registry.hand import POLICY
from tests.schemas.said import AID, KS, NAV

SOME = settings(max_examples=200)
AT = datetime(2026, 7, 1, tzinfo=UTC)


def folded(history: list[Told], subject: str = "") -> State:
    subject = subject or (history[0].fact.subject if history else "889640782:none")
    return fold(subject, [(told.fact, told.offset) for told in history])


def shown(seen: Projection) -> Json:
    found = earliness_json(earliness(seen, POLICY, AT))
    return {**view(seen, phase_policy(), contradiction_policy()), "earliness": found}


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
