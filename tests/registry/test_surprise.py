"""Surprise rate: learnt of, not told; a range while only one side says they match."""

from collections.abc import Sequence
from datetime import date

from services.registry.earliness import earliness
from services.registry.surprise import Count, Known, known_of, surprise
from tests.schemas.said import DIGDIR, KS

from .hand import POLICY, Hand, oslo

OWNERS, ENTRY = f"{DIGDIR}:innlogging", f"{KS}:oppdaget-1"


def owners_entry(matched: bool, shared: str | None = "2026-03-03T09:00") -> Hand:
    story = Hand(OWNERS, [])
    story.registered("2026-03-02T09:00")
    if shared is not None:
        story.shared(shared)
        story.readable(shared)
    if matched:
        story.owner_says(story.clock, "initiative.matched", {"with": ENTRY})
    return story


def discovered(learnt: str, matched: bool, **data: object) -> Hand:
    story = Hand(ENTRY, [])
    said = {"title": "t", "learnt_from": "nyheitsbrev", "learnt": learnt, **data}
    ref = story.owner_says("2026-06-01T09:00", "initiative.discovered", said)
    story.described.append((ref, "initiative.discovered"))
    story.shared("2026-06-01T10:00", "state")
    if matched:
        story.owner_says("2026-06-02T09:00", "initiative.matched", {"with": OWNERS})
    return story


def known(stories: Sequence[Hand], reader: str = KS) -> list[Known]:
    found = []
    for story in stories:
        seen = story.seen_by(reader)
        found.append(known_of(seen, earliness(seen, POLICY, oslo("2026-07-01"))))
    return [each for each in found if each is not None]


def counted(stories: Sequence[Hand]) -> tuple[Count, Count]:
    found = surprise(known(stories), "municipal")
    assert found.of_line == "state"
    return found.least, found.most


def test_what_was_shared_before_it_was_learnt_of_is_no_surprise() -> None:
    stories = [owners_entry(True), discovered("2026-05-20", True)]

    assert counted(stories) == (Count(0, 1), Count(0, 1))


def test_what_was_shared_only_after_it_was_learnt_of_is_a_surprise() -> None:
    stories = [
        owners_entry(True, shared="2026-05-21T09:00"),
        discovered("2026-05-20", True),
    ]

    assert counted(stories) == (Count(1, 1), Count(1, 1))


def test_a_match_that_one_side_claims_makes_it_a_range() -> None:
    for owner, discoverer in ((True, False), (False, True)):
        stories = [owners_entry(owner), discovered("2026-05-20", discoverer)]

        assert counted(stories) == (Count(0, 1), Count(1, 2))


def test_what_nobody_has_shared_or_matched_is_a_surprise_of_its_own() -> None:
    assert counted([discovered("2026-05-20", False)]) == (Count(1, 1), Count(1, 1))


def test_rows_of_a_list_are_counted_beside_it() -> None:
    entry = discovered("2026-05-20", False, imported=True)

    found = surprise(known([entry]), "municipal")

    assert (found.n_discovered, found.n_imported) == (0, 1)
    assert found.most == Count(0, 0)


def test_each_line_is_counted_by_its_own_discoveries() -> None:
    entry = Known(ENTRY, None, date(2026, 5, 20), False, ())

    assert surprise([entry], "state").n_discovered == 0
    assert surprise([entry], "municipal").n_discovered == 1


def test_a_discoverers_entry_has_no_earliness_of_its_own() -> None:
    entry = discovered("2026-05-20", False)
    entry.readable("2026-06-01T11:00", "state")

    assert earliness(entry.seen_by(KS), POLICY, oslo("2026-07-01")) is None
