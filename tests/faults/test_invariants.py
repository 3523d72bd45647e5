"""Each invariant notices what breaks it: a world in which all is well, broken once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.topics import REJECTED

from . import invariants, small, timeline
from .broken import Broken
from .world import Place, World

Break = Callable[[World], None]


def found_in(world: World) -> list[Broken]:
    return invariants.broken(world, small.truth_of(world))


def test_nothing_is_broken_where_all_is_well() -> None:
    assert found_in(small.world()) == []


def an_archived_fact_is_gone(world: World) -> None:
    world.archive.pop()


def a_delivered_fact_is_gone(world: World) -> None:
    world.delivered.pop()


def an_acknowledged_fact_never_came(world: World) -> None:
    taken = world.archive[-1].at
    world.records = [each for each in world.records if each.at != taken]


def a_fact_counts_twice(world: World) -> None:
    subject = next(iter(world.states))
    turn, body = world.states[subject]
    world.states[subject] = turn + 1, body


def it_was_written_twice(world: World) -> None:
    world.written.append(replace(world.written[0], seq=999))


def a_record_was_rejected_twice(world: World) -> None:
    world.written.append(replace(world.written[-1], seq=999))


def a_rejection_was_not_published(world: World) -> None:
    world.records = [each for each in world.records if each.topic != REJECTED.name]


def an_archive_keeps_other_bytes(world: World) -> None:
    world.archive[0] = replace(world.archive[0], value=b"{}")


def words_changed_places(world: World) -> None:
    """What a speaker said first lies after what it said last."""
    emitted = list(world.emitted.items())
    world.emitted = dict(reversed(emitted))


def facts_were_folded_in_another_order(world: World) -> None:
    """The first two of an initiative that lie on one topic."""
    archive = world.archive
    for a, first in enumerate(archive):
        for b, second in enumerate(archive[a + 1 :], a + 1):
            if (first.subject, first.at[0]) == (second.subject, second.at[0]):
                archive[a] = replace(first, turn=second.turn)
                archive[b] = replace(second, turn=first.turn)
                return


def a_group_has_not_read_to_the_end(world: World) -> None:
    world.places = {place: Place(6, 7, 6) for place in world.places}


def kafka_was_told_too_much(world: World) -> None:
    world.places = {place: Place(7, 7, 8) for place in world.places}


def a_position_is_missing(world: World) -> None:
    world.log.remove(2)


def a_feed_lacks_a_fact(world: World) -> None:
    feed = max(world.feeds, key=lambda each: len(each.given))
    feed.given.pop(next(iter(feed.given)))


def a_feed_has_a_fact_twice(world: World) -> None:
    feed = max(world.feeds, key=lambda each: len(each.given))
    feed.given[next(iter(feed.given))] += 1


def a_cursor_passed_a_fact(world: World) -> None:
    follower = max(world.followed, key=lambda each: len(each.given))
    follower.given.pop(next(iter(follower.given)))


def a_stranger_is_given_a_fact(world: World) -> None:
    most = max(world.feeds, key=lambda each: len(each.given))
    least = min(world.feeds, key=lambda each: len(each.given))
    secret = next(each for each in most.given if each not in least.given)
    least.given[secret] += 1


def a_stranger_was_given_a_text(world: World) -> None:
    least = min(world.followed, key=lambda each: len(each.canaries))
    least.canaries.add(b"kanariabcdefabcdef")


def a_log_tells_what_was_said(world: World) -> None:
    world.said_in_logs.append("registry-0.log: kanariabcdefabcdef")


def a_state_is_older_than_its_facts(world: World) -> None:
    """It rests on one fact, and says that it rests on all."""
    subject = next(iter(world.states))
    other = small.world()
    kept = [each for each in other.records if each.key == subject.encode()]
    other.records = kept[:1]
    world.states[subject] = world.states[subject][0], small.bodies_of(other)[subject]


def a_fact_is_parked(world: World) -> None:
    world.parked.append("registry 971032146:x rules.py:12")


BREAKS: list[tuple[Break, str, str]] = [
    (an_archived_fact_is_gone, "I1", "lost"),
    (a_delivered_fact_is_gone, "I1", "lost"),
    (an_acknowledged_fact_never_came, "I1", "lost"),
    (a_fact_counts_twice, "I2", "duplicated"),
    (it_was_written_twice, "I2", "duplicated"),
    (a_record_was_rejected_twice, "I9", "duplicated"),
    (a_rejection_was_not_published, "I9", "lost"),
    (an_archive_keeps_other_bytes, "I9", "other"),
    (words_changed_places, "I3", "order"),
    (facts_were_folded_in_another_order, "I3", "order"),
    (a_group_has_not_read_to_the_end, "I9", "lost"),
    (kafka_was_told_too_much, "I7", "other"),
    (a_position_is_missing, "I8", "lost"),
    (a_feed_lacks_a_fact, "I1", "lost"),
    (a_feed_has_a_fact_twice, "I2", "duplicated"),
    (a_cursor_passed_a_fact, "I8", "lost"),
    (a_stranger_is_given_a_fact, "I18", "leak"),
    (a_stranger_was_given_a_text, "I18", "leak"),
    (a_log_tells_what_was_said, "I17", "leak"),
    (a_state_is_older_than_its_facts, "I2", "other"),
    (a_fact_is_parked, "I9", "other"),
]


@pytest.mark.parametrize(
    ("broken", "invariant", "kind"), BREAKS, ids=[each.__name__ for each, *_ in BREAKS]
)
def test_it_is_noticed(broken: Break, invariant: str, kind: str) -> None:
    world = small.world()
    broken(world)

    found = {(each.invariant, each.kind) for each in found_in(world)}

    assert (invariant, kind) in found


def test_the_time_line_tells_each_hop_of_the_fact_that_broke(tmp_path: Path) -> None:
    world = small.world()
    lost = world.archive.pop()
    shows = next(each for each in found_in(world) if each.identity is not None)
    assert shows.identity is not None

    ought = small.truth_of(world)
    lines = timeline.of(shows.identity, world, ought, tmp_path)

    text = "\n".join(lines)
    assert shows.identity[0] == lost.subject
    for hop in ("emitted", "answered 202", "in the outbox", "appended at", "delivery:"):
        assert hop in text
    assert "archive:" not in text
