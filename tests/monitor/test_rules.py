"""Lag is never negative, and 0 exactly where nothing readable is unread."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.monitor.report import Outbox, PartitionLag, Rejected
from services.monitor.rules import (
    Gap,
    Log,
    Oldest,
    gap,
    rejected,
    seconds_of,
    unread,
    verdict,
    worst_first,
)

from .made import NOW, group, part, service, stop

MANY = settings(max_examples=500, deadline=None)
Entry = Literal["record", "marker"]


@dataclass(frozen=True)
class Partition:
    """A partition with full knowledge: what lies at each offset, and who is where."""

    entries: list[Entry]
    earliest: int
    end: int
    position: int | None

    @property
    def log(self) -> Log:
        return Log(self.earliest, self.end, len(self.entries))

    @property
    def start(self) -> int:
        return max(self.position or 0, self.earliest)

    @property
    def readable(self) -> list[int]:
        """Offsets of what the group has not read and could."""
        return [n for n in range(self.start, self.end) if self.entries[n] == "record"]

    def oldest(self) -> Oldest:
        """What a reader would find, perhaps written after the end was asked."""
        for n in range(self.start, len(self.entries)):
            if self.entries[n] == "record":
                return Oldest(n, NOW - timedelta(seconds=self.age_of(n)))
        return Oldest(len(self.entries), None)

    def age_of(self, n: int) -> int:
        return len(self.entries) - n


@st.composite
def partitions(draw: st.DrawFn) -> Partition:
    entries: list[Entry] = draw(
        st.lists(st.sampled_from(["record", "marker"]), max_size=12)
    )
    size = len(entries)
    end = draw(st.integers(0, size))
    return Partition(
        entries,
        draw(st.integers(0, end)),
        end,
        draw(st.none() | st.integers(0, size + 3)),
    )


@MANY
@given(partitions())
def test_lag_is_0_exactly_where_nothing_readable_is_unread(of: Partition) -> None:
    records, seconds = unread(gap(of.position, of.log), of.log, of.oldest(), NOW)

    assert (records == 0) == (not of.readable)
    assert records >= len(of.readable)
    assert seconds == (of.age_of(of.readable[0]) if of.readable else 0)


@MANY
@given(partitions())
def test_no_number_is_negative_whatever_is_known(of: Partition) -> None:
    found = gap(of.position, of.log)
    records, seconds = unread(found, of.log, None, NOW)

    assert min(records, found.records, found.expired, found.ahead) >= 0
    assert records >= len(of.readable)
    assert (seconds is None) == (records > 0)


@MANY
@given(partitions(), st.integers(1, 5))
def test_reading_on_never_makes_the_lag_greater(of: Partition, step: int) -> None:
    before = gap(of.position, of.log)
    after = gap(before.start + step, of.log)

    assert after.records <= before.records


def test_what_was_deleted_unread_is_told_apart_from_what_is_unread() -> None:
    assert gap(50, Log(80, 100, 100)) == Gap(80, records=20, expired=30, ahead=0)


def test_a_reader_of_uncommitted_records_is_not_beyond_the_log() -> None:
    assert gap(7, Log(0, 6, 7)) == Gap(7, records=0, expired=0, ahead=0)


def test_none_read_stands_until_more_is_written() -> None:
    assert Oldest(10, None).holds_for(10)
    assert not Oldest(10, None).holds_for(11)
    assert Oldest(10, NOW).holds_for(11)


def test_a_clock_that_is_ahead_makes_no_age_negative() -> None:
    future = Oldest(0, NOW + timedelta(minutes=5))

    assert unread(gap(0, Log(0, 1, 1)), Log(0, 1, 1), future, NOW) == (1, 0.0)


def test_a_group_with_an_age_that_is_not_known_has_none() -> None:
    assert seconds_of([part(3), part(1, seconds=None)]) is None
    assert seconds_of([part(3), part(0)]) == 3
    assert seconds_of([]) == 0


def test_groups_come_the_worst_first() -> None:
    groups = [
        group("b"),
        group("a"),
        group("late", part(1, seconds=900.0)),
        group("many", part(500, seconds=2.0)),
        group("no age", part(1, seconds=None)),
        group("cut", part(ahead=3)),
        group("silent", error="cannot be asked"),
    ]

    names = [each.name for each in worst_first(groups)]

    assert names == ["silent", "no age", "late", "many", "cut", "a", "b"]


def test_what_is_rejected_is_counted_in_two_ways() -> None:
    logs: dict[tuple[str, int], Log | str] = {
        ("r", 0): Log(2, 10, 10),
        ("r", 1): Log(0, 4, 4),
    }

    assert rejected({("r", 0): 7, ("r", 1): None}, logs) == Rejected(recent=3, kept=12)


def test_what_is_rejected_is_unknown_where_a_partition_is() -> None:
    logs: dict[tuple[str, int], Log | str] = {("r", 0): "_TIMED_OUT"}

    assert rejected({("r", 0): 7}, logs) is None
    assert rejected({("r", 1): 7}, logs) is None


NONE = Rejected(recent=0, kept=3)


def test_nobody_behind_is_nobody_behind() -> None:
    assert verdict([group("a", part())], [service()], NONE, ()) == "caught_up"


@pytest.mark.parametrize(
    "found", [part(1), part(expired=1), part(ahead=1)], ids=["lag", "expired", "ahead"]
)
def test_one_partition_is_enough(found: PartitionLag) -> None:
    assert verdict([group("a", part(), found)], [], NONE, ()) == "behind"


@pytest.mark.parametrize(
    "told",
    [{"stopped": (stop(),)}, {"outbox": Outbox(waiting=1, oldest_seconds=0.1)}],
    ids=["stopped", "outbox"],
)
def test_a_service_that_is_held_up_is_behind(told: dict[str, Any]) -> None:
    assert verdict([], [service(**told)], NONE, ()) == "behind"


def test_a_record_rejected_today_is_behind_and_an_old_one_is_not() -> None:
    assert verdict([], [], Rejected(recent=1, kept=1), ()) == "behind"
    assert verdict([], [], NONE, ()) == "caught_up"


def test_a_question_without_an_answer_is_no_all_clear() -> None:
    behind = group("a", part(1))

    assert verdict([behind], [], NONE, ["Postgres is away"]) == "unknown"
    assert verdict([], [], None, ()) == "unknown"
