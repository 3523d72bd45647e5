"""As another saw it: what both may read, what it could read then, and nothing else."""

from collections.abc import Iterable
from datetime import datetime

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schemas.policy import ANYBODY, Reader, may_read, reader_for
from services.registry.as_seen import Placed, projection, readable_by
from services.registry.asked import Asked
from services.registry.rules import Projection, everything
from tests.histories import READERS, Told, histories, named_in
from tests.schemas.said import AID, DIGDIR, KS, NARVIK, NAV

from .hand import Hand, announced_and_shared, hand, oslo
from .test_as_of import moments
from .test_rules import folded, shown

MANY = settings(max_examples=120, deadline=None)


def placed(told: Iterable[Told]) -> list[Placed]:
    return [Placed(each.fact, each.offset, each.appended) for each in told]


def seen(
    story: Hand, by: str, as_: str | None = None, at: str | None = None
) -> Projection:
    body = ANYBODY if as_ == "public" else None if as_ is None else reader_for(as_)
    moment = None if at is None else oslo(at)
    asked = Asked(reader_for(by), moment, body)
    return projection(story.subject, placed(story.told), asked)


def title(found: Projection) -> object:
    said = found.owners("description").get("title")
    return None if said is None else said.value


# -- alone: what both may read ---------------------------------------------------------


@MANY
@given(histories().filter(bool), st.sampled_from(sorted(READERS)))
def test_asked_by_the_owner_it_holds_exactly_what_both_may_read(
    history: list[Told], name: str
) -> None:
    state = folded(history)
    owner, body = READERS[state.owner], READERS[name]
    grants, named = state.grants, named_in(history)

    found = projection(state.subject, placed(history), Asked(owner, None, body))

    both = [
        told
        for told in history
        if all(
            may_read(told.fact, each, grants, named(told.fact))
            for each in (owner, body)
        )
    ]
    naive = everything(folded(both, state.subject))
    assert found.standing == naive.standing
    assert found.shares == naive.shares
    assert found.readable == naive.readable


@MANY
@given(st.data())
def test_the_answer_rests_on_nothing_that_is_closed_to_the_one_who_asks(
    data: st.DataObject,
) -> None:
    """Secret grants, words and times: without them the answer is the same."""
    history = data.draw(histories().filter(bool))
    reader, body = (
        READERS[data.draw(st.sampled_from(sorted(READERS)))] for _ in range(2)
    )
    asked = Asked(reader, data.draw(st.none() | moments(history)), body)
    subject = history[0].fact.subject

    mine = readable_by(subject, placed(history), reader)
    # another's words may be open by a grant to its speaker that one does not know of
    assume(readable_by(subject, mine, reader) == mine)

    assert shown(projection(subject, mine, asked)) == shown(
        projection(subject, placed(history), asked)
    )


@MANY
@given(st.data())
def test_it_never_holds_more_than_the_one_who_asks_may_read(
    data: st.DataObject,
) -> None:
    history = data.draw(histories().filter(bool))
    reader, body = (
        READERS[data.draw(st.sampled_from(sorted(READERS)))] for _ in range(2)
    )
    asked = Asked(reader, data.draw(st.none() | moments(history)), body)
    subject = history[0].fact.subject

    found = projection(subject, placed(history), asked)

    own = {each.fact.ref for each in readable_by(subject, placed(history), reader)}
    assert {each.ref for each in found.standing.values()} <= own
    given_ = {ref for ref, share in found.shares.items() if share.shared is not None}
    assert given_ <= own


def test_the_owner_sees_its_initiative_as_the_other_line_does() -> None:
    story = announced_and_shared()
    story.amended("2026-02-01T09:00:00", "hemmelig", visibility="own")
    story.amended("2026-02-02T09:00:00", "til KS", visibility="named", recipients=KS)

    assert title(seen(story, NAV)) == "til KS"
    assert title(seen(story, NAV, KS)) == "til KS"
    assert title(seen(story, NAV, NARVIK)) == "t"
    assert seen(story, NAV, DIGDIR).empty
    assert seen(story, NAV, "public").empty


def test_one_who_asks_does_not_learn_with_whom_else_it_is_shared() -> None:
    story = announced_and_shared(audience=f"org:{KS}")
    before = shown(seen(story, KS, NARVIK))
    story.shared("2026-02-01T09:00:00", f"org:{NARVIK}")
    story.readable("2026-02-01T09:00:01", f"org:{NARVIK}")

    # both may read it now, and KS is told as much as before
    assert not seen(story, NAV, NARVIK).empty
    assert shown(seen(story, KS, NARVIK)) == before
    assert seen(story, KS, NARVIK).empty


def test_no_phase_is_told_where_one_of_the_two_would_have_to_guess() -> None:
    story = announced_and_shared()
    story.registered("2026-02-01T09:00:00", visibility="public")

    found = seen(story, KS, "public")

    assert (found.partial, found.whole) == (True, False)
    assert shown(found)["phase"] is None
    assert shown(seen(story, KS, NARVIK))["phase"] == "idea"


# -- with a moment: what it could read then ------------------------------------------


def then(story: Hand, at: str, body: str = KS) -> object:
    found = seen(story, NAV, body, at)
    return None if found.empty else title(found)


def test_it_could_be_read_from_when_it_was_readable_and_not_from_the_grant() -> None:
    story = hand()
    story.registered("2026-01-05T08:00:00")
    story.shared("2026-01-05T09:00:00")
    story.readable("2026-01-05T09:00:01")

    assert then(story, "2026-01-05T09:00:00") is None
    assert then(story, "2026-01-05T09:00:01") == "t"


def test_of_what_was_said_but_not_readable_yet_the_older_stands() -> None:
    story = announced_and_shared()
    story.amended("2026-02-01T09:00:00", "ny")
    story.readable("2026-02-01T12:00:00", "municipal", story.described[-1][0])

    assert then(story, "2026-02-01T11:59:59") == "t"
    assert then(story, "2026-02-01T12:00:00") == "ny"
    # to itself nothing is made readable: it knew
    assert then(story, "2026-02-01T09:00:00", NAV) == "ny"


def test_from_the_end_of_its_share_it_could_read_no_more_until_readable_anew() -> None:
    story = announced_and_shared()
    (grant,) = story.state.shares
    story.ended("2026-02-01T09:00:00", grant)
    story.shared("2026-03-01T09:00:00")
    story.readable("2026-03-01T09:05:00", "municipal")

    assert then(story, "2026-01-31T09:00:00") == "t"
    assert then(story, "2026-02-01T09:00:01") is None
    assert then(story, "2026-03-01T09:01:00") is None
    assert then(story, "2026-03-01T09:05:00") == "t"


def test_an_end_that_came_since_closes_it_to_one_who_asks_now() -> None:
    """What it could read then it may not read now: asked by itself it has no more."""
    story = announced_and_shared()
    (grant,) = story.state.shares
    story.ended("2026-02-01T09:00:00", grant)
    at = "2026-01-20T09:00:00"

    assert title(seen(story, KS, KS, at)) is None
    assert title(seen(story, NAV, KS, at)) == "t"


def test_a_critics_word_could_be_read_from_when_it_was_readable() -> None:
    story = announced_and_shared()
    data = {"key": "k", "position": "neutral", "text": "svar"}
    ref = story.another_says(NARVIK, "2026-02-01T09:00:00", "response.submitted", data)
    story.described.append((ref, "response.submitted"))
    story.readable("2026-02-01T10:00:00", "municipal", ref)

    def responses(at: str, body: str) -> int:
        return len(seen(story, NAV, body, at).everybodys("response"))

    assert responses("2026-02-01T09:30:00", NARVIK) == 1
    assert responses("2026-02-01T09:30:00", KS) == 0
    assert responses("2026-02-01T10:00:00", KS) == 1


def test_what_a_body_could_read_then_does_not_change_with_what_is_said_later() -> None:
    story = announced_and_shared()
    at = "2026-01-20T09:00:00"
    before = shown(seen(story, NAV, KS, at))

    story.amended("2026-02-01T09:00:00", "ny")
    story.readable("2026-02-01T09:00:01", "municipal")
    story.shared("2026-02-02T09:00:00", f"org:{AID}")

    assert shown(seen(story, NAV, KS, at)) == before


def test_as_everybody_it_is_what_everybody_could_read() -> None:
    story = hand()
    story.registered("2026-01-05T09:00:00", visibility="public")
    story.readable("2026-01-05T10:00:00", "public")

    assert then(story, "2026-01-05T09:59:00", "public") is None
    assert then(story, "2026-01-05T10:00:00", "public") == "t"


@MANY
@given(st.data())
def test_asked_by_the_owner_each_fact_was_readable_or_its_speakers_or_the_trackers(
    data: st.DataObject,
) -> None:
    """An oracle that only looks whether there is a *readable* in time."""
    history = data.draw(histories().filter(bool))
    at: datetime = data.draw(moments(history))
    state = folded(history)
    name = data.draw(st.sampled_from(sorted(READERS)))
    body: Reader = READERS[name]

    found = projection(
        state.subject, placed(history), Asked(READERS[state.owner], at, body)
    )

    readable = {
        (named.source, named.id)
        for told in history
        if told.fact.type.name == "initiative.readable" and told.fact.time <= at
        for named in told.fact.data.facts  # type: ignore[attr-defined]  # of a readable
        if told.fact.data.channel in body.channels  # type: ignore[attr-defined]  # too
    }
    for each in found.standing.values():
        ref = (each.ref.source, each.ref.id)
        assert each.speaker == body.orgnr or ref in readable
