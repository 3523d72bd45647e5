"""The fold: nobody sees more than it may, and the order of reading does not matter."""

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.policy import Reader, may_read
from services.registry.policies import phase_policy
from services.registry.rules import Projection, everything, fold, project
from services.registry.state import State, from_bytes, to_bytes
from services.registry.view import view
from tests.histories import READERS, Told, histories, interleaved

MANY = settings(max_examples=500, deadline=None)


def folded(history: list[Told], subject: str = "") -> State:
    subject = subject or (history[0].fact.subject if history else "889640782:none")
    return fold(subject, [(told.fact, told.offset) for told in history])


def alone(history: list[Told], reader: Reader) -> State:
    """The fold over nothing but what the reader may read."""
    whole = folded(history)
    read = [told for told in history if may_read(told.fact, reader, whole.grants)]
    return folded(read, whole.subject)


def shown(seen: Projection, *, partial: bool) -> dict[str, object]:
    found = view(seen, phase_policy())
    return {**found, "partial": partial, "phase": None if partial else found["phase"]}


@MANY
@given(histories(), st.sampled_from(sorted(READERS)))
def test_what_a_reader_sees_is_the_fold_of_what_it_may_read(
    history: list[Told], name: str
) -> None:
    reader = READERS[name]
    seen = project(folded(history), reader)

    naive = everything(alone(history, reader))

    assert shown(seen, partial=seen.partial) == shown(naive, partial=seen.partial)
    assert seen.empty == naive.empty


@MANY
@given(st.data())
def test_in_whatever_order_the_topics_are_read_the_same_stands(
    data: st.DataObject,
) -> None:
    history = data.draw(histories())

    again = interleaved(data.draw, history)

    assert to_bytes(folded(again)) == to_bytes(folded(history))


@MANY
@given(histories())
def test_a_state_that_was_stored_is_the_state(history: list[Told]) -> None:
    state = folded(history)

    assert from_bytes(state.subject, to_bytes(state)) == state
