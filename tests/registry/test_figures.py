"""The joint report: both directions, with n, forecast and realised apart."""

from dataclasses import asdict
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.earliness import Earliness, earliness
from services.registry.figures import Figures, figures, percentile
from tests.registry.hand import POLICY, Hand, announced_and_shared, hand, oslo
from tests.schemas.said import KS, NARVIK, NAV

AT = "2026-06-01"


def report(*stories: Hand, line: str = "state", by: str = "") -> Figures:
    found = [
        each
        for story in stories
        if (each := earliness(story.seen_by(by or story.owner), POLICY, oslo(AT)))
    ]
    return figures(found, "state" if line == "state" else "municipal", POLICY)


def locked(days: int | None, owner: str = NAV, audience: str = "municipal") -> Hand:
    story = announced_and_shared(owner=owner, audience=audience)
    if days is not None:
        story.locked((date(2026, 1, 5) + timedelta(days=days)).isoformat())
    return story


def unshared() -> Hand:
    story = hand()
    story.registered("2026-01-05T09:00:00")
    return story


def test_n_is_told_of_all_and_forecast_and_realised_stand_apart() -> None:
    found = report(
        unshared(), locked(None), locked(-3), locked(10), locked(200), locked(400)
    )

    assert (found.n, found.n_shared, found.n_without_lock) == (6, 5, 1)
    assert (found.realised.n, found.forecast.n) == (2, 2)
    assert found.realised.classes == {
        "early": 0,
        "timely": 0,
        "late": 0,
        "too_late": 1,
        "after_the_fact": 1,
    }
    assert found.forecast.classes["early"] == 2
    assert (found.realised.p10, found.realised.p90) == (-3, 10)
    assert (found.forecast.p10, found.forecast.p90) == (200, 400)


def test_each_direction_counts_its_own() -> None:
    stories = [locked(10), locked(20, NARVIK, "state"), locked(30, NARVIK, "state")]

    assert report(*stories).n == 1
    assert report(*stories, line="municipal").n == 2
    assert report(*stories, line="municipal").to_line == "state"


def test_where_nothing_is_known_n_is_0_and_no_day_is_told() -> None:
    found = report()

    assert asdict(found.realised) == {
        "n": 0,
        "classes": dict.fromkeys(asdict(found.forecast)["classes"], 0),
        "median": None,
        "p10": None,
        "p90": None,
    }


def test_an_initiative_that_is_partial_for_the_reader_is_not_counted() -> None:
    story = hand()
    story.registered("2026-01-05T09:00:00", visibility="public")
    story.readable("2026-01-05T09:00:01", "public")

    assert report(story, by="public").n == 0
    assert report(story, by=KS).n == 0
    assert report(story).n == 1


LEADS = st.lists(st.one_of(st.none(), st.integers(-50, 500)), max_size=12)


@settings(max_examples=100, deadline=None)
@given(LEADS)
def test_classes_add_up_to_n_and_every_n_to_the_whole(leads: list[int | None]) -> None:
    found = report(*(locked(days) for days in leads))

    for times in (found.realised, found.forecast):
        assert sum(times.classes.values()) == times.n
    assert found.realised.n + found.forecast.n + found.n_without_lock == found.n_shared
    assert found.n_shared <= found.n


@pytest.mark.parametrize(
    ("leads", "percent", "expected"),
    [
        ([7], 10, 7),
        ([7], 90, 7),
        ([1, 2], 50, 1),
        ([1, 2, 3], 50, 2),
        ([1, 2, 3, 4], 50, 2),
        ([1, 2, 3, 4, 5, 6], 50, 3),
        (list(range(1, 11)), 10, 1),
        (list(range(1, 11)), 90, 9),
        (list(range(1, 71)), 10, 7),
        (list(range(1, 12)), 90, 10),
    ],
)
def test_a_percentile_is_the_nearest_rank(
    leads: list[int], percent: int, expected: int
) -> None:
    assert percentile(leads, percent) == expected


def test_the_class_in_the_report_is_the_owners_not_the_trackers() -> None:
    story = hand()
    story.registered("2026-01-05T09:00:00")
    story.shared("2026-01-05T09:00:00")
    story.readable("2026-05-01T09:00:00")
    story.locked("2026-05-10")

    found = report(story)

    assert found.realised.classes["timely"] == 1
    assert found.realised.median == 125


def test_a_figure_names_the_policy_it_was_made_under() -> None:
    found = locked(10).figures()

    assert isinstance(found, Earliness)
    assert found.policy == POLICY.version == "earliness-1"
