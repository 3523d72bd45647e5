"""One reading of a partition serves every group that stands on its way."""

from services.monitor.oldest import NEAR, Key, Sweep, Unread
from services.monitor.rules import Oldest

from .made import NOW

FAR = 10 * NEAR
PLACE = ("t", 0)


def unread(start: int, end: int = FAR + 10) -> Unread:
    return Unread("id", PLACE, start, end)


def key(start: int) -> Key:
    return "id", PLACE, start


def test_a_record_serves_every_start_up_to_it() -> None:
    sweep = Sweep([unread(3), unread(5), unread(9)], begin=0)

    assert dict(sweep.served_by(5, NOW)) == {
        key(3): Oldest(5, NOW),
        key(5): Oldest(5, NOW),
    }
    assert not sweep.has_ended
    assert dict(sweep.served_by(12, NOW)) == {key(9): Oldest(12, NOW)}
    assert sweep.has_ended


def test_a_start_far_away_is_sought_and_not_read_up_to() -> None:
    sweep = Sweep([unread(3), unread(FAR)], begin=0)

    assert set(dict(sweep.served_by(3, NOW))) == {key(3)}
    assert sweep.has_ended
    assert sweep.next == FAR


def test_the_next_sweep_goes_on_where_the_last_one_ended() -> None:
    sweep = Sweep([unread(3), unread(FAR)], begin=FAR)

    assert sweep.start == FAR
    assert set(dict(sweep.served_by(FAR, NOW))) == {key(FAR)}
    assert sweep.next == 0


def test_after_the_last_start_it_begins_anew() -> None:
    assert Sweep([unread(3)], begin=FAR).start == 3


def test_a_record_without_a_time_gives_no_age() -> None:
    assert dict(Sweep([unread(3)], begin=0).served_by(3, None)) == {key(3): None}


def test_the_end_tells_nothing_of_what_lies_behind_it() -> None:
    sweep = Sweep([unread(3, end=10), unread(4, end=12)], begin=0)

    assert dict(sweep.ended_by(10)) == {key(3): Oldest(10, None), key(4): None}


def test_a_partition_that_cannot_be_read_is_not_asked_twice_in_a_cycle() -> None:
    sweep = Sweep([unread(3), unread(4)], begin=0)

    assert dict(sweep.ended_by(None)) == {key(3): None, key(4): None}
    assert sweep.has_ended
