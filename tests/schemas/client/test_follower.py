"""All that may be read comes, in order, from where it was left, at least once."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from threading import Timer
from typing import Any

import orjson
import pytest

from schemas.client import CursorRefused, Follower, NotFetched, TokenRefused
from schemas.fact import Fact, Newer, Refusal
from schemas.initiative import InitiativeRegistered
from tests.schemas.said import example, stamped

from .scripted import HANG_UP, Answer, Asked, Json, Scripted, as_json, problem, scripted

Open = Callable[..., Follower]


class FeedOnPaper:
    """Gives its events page by page, with a cursor that is a place in them."""

    def __init__(self, size: int) -> None:
        self.events = [record(n) for n in range(size)]
        self.log = "a"

    def __call__(self, asked: Asked) -> Answer:
        log, _, place = asked.query.get("after", f"{self.log}-0").partition("-")
        if log != self.log:
            return problem(410, "cursor_gone")
        begin, limit = int(place), int(asked.query["limit"])
        page = self.events[begin : begin + limit]
        return page_of(page, f"{self.log}-{begin + len(page)}")


def record(n: int, **other: Any) -> bytes:
    event = {**example("initiative.registered"), "id": f"sak-{n}", **other}
    return stamped(event)


def page_of(events: list[bytes], cursor: str) -> Answer:
    body = b"[" + b",".join(events) + b"]"
    link = f'</feed?after={cursor}&limit=9>; rel="next"'
    return Answer(200, body, {"Link": link})


@pytest.fixture
def paper() -> FeedOnPaper:
    return FeedOnPaper(7)


@pytest.fixture
def delivery(paper: FeedOnPaper) -> Iterator[Scripted]:
    with scripted(paper) as server:
        yield server


@pytest.fixture
def opened(delivery: Scripted, tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as all_of_them:

        def follower(**options: Any) -> Follower:
            place = tmp_path / "sted.db"
            given: Json = {"token": "t", "state": place, "limit": 3, **options}
            return all_of_them.enter_context(Follower(delivery.url, **given))

        yield follower


def used(delivery: Scripted) -> list[str | None]:
    """The cursors that were used, each of which acknowledges its page."""
    return [asked.query.get("after") for asked in delivery.asked]


def test_all_of_it_comes_once_in_its_order(
    opened: Open, delivery: Scripted, paper: FeedOnPaper
) -> None:
    events = list(opened().new())

    assert [event.id for event in events] == [f"sak-{n}" for n in range(7)]
    assert used(delivery) == [None, "a-3", "a-6", "a-7"]
    assert list(opened().new()) == []
    paper.events.append(record(7))
    assert [event.id for event in opened().new()] == ["sak-7"]


def test_an_event_is_typed_and_raw(opened: Open) -> None:
    event = next(opened().new())

    assert isinstance(event.data, InitiativeRegistered)
    assert event.type is not None
    assert event.type.name == "initiative.registered"
    assert event.data.municipalities == ("0301", "4601", "1806")
    assert event.raw["title"] == event.data.title
    assert (event.owner, event.speaker) == ("889640782", "889640782")
    assert event.accepted > event.time
    assert not event.handled_before


def test_a_page_is_acknowledged_only_once_it_is_handled(
    opened: Open, delivery: Scripted
) -> None:
    first = opened()
    taken = list(islice(first.new(), 3))
    first.close()

    # the third event was given, but nothing after it was asked for
    again = list(islice(opened().new(), 4))

    assert used(delivery) == [None, None, "a-3"]
    assert [event.id for event in taken] == ["sak-0", "sak-1", "sak-2"]
    assert [event.id for event in again] == [*(e.id for e in taken), "sak-3"]
    handled = [event.handled_before for event in again]
    assert handled == [True, True, False, False]


def test_an_event_whose_handling_fails_comes_again(opened: Open) -> None:
    def fail_at(id: str, follower: Follower) -> None:
        for event in follower.new():
            assert event.id != id, "handling fails"

    first = opened()
    with pytest.raises(AssertionError, match="handling fails"):
        fail_at("sak-4", first)
    first.close()

    again = [(event.id, event.handled_before) for event in opened().new()]

    assert again[:2] == [("sak-3", True), ("sak-4", False)]
    assert len(again) == 4


def test_a_feed_that_was_made_again_is_followed_from_its_beginning(
    opened: Open, delivery: Scripted, paper: FeedOnPaper
) -> None:
    follower = opened()
    assert len(list(follower.new())) == 7
    paper.log = "b"
    paper.events.insert(0, record(99))

    again = list(follower.new())

    assert [e.id for e in again if not e.handled_before] == ["sak-99"]
    assert len(again) == 8
    assert used(delivery)[4:6] == ["a-7", None]


def test_a_feed_that_is_gone_even_from_its_beginning_is_told(
    opened: Open, delivery: Scripted
) -> None:
    delivery.rule = lambda _: problem(410, "cursor_gone")

    with pytest.raises(NotFetched, match="410"):
        list(opened().new(0.2))

    assert len(delivery.asked) < 50


def test_a_cursor_of_another_reader_is_told_and_nothing_is_thrown_away(
    opened: Open, delivery: Scripted
) -> None:
    follower = opened()
    list(follower.new())
    delivery.script.append(problem(400, "invalid_cursor", "no cursor of yours"))

    with pytest.raises(CursorRefused, match="begin_again"):
        list(follower.new())

    assert list(follower.new()) == []
    follower.begin_again()
    assert len(list(follower.new())) == 7


@pytest.mark.parametrize(
    "trouble",
    [
        problem(503, "unavailable"),
        problem(429, "too_many_requests", Retry_After="0"),
        problem(400, "invalid_parameter"),
        Answer(200, b"<html>log in to the wireless net</html>"),
        Answer(200, b"[]"),
        Answer(200, b'[{"id": 1}]', {"Link": '</feed?after=x>; rel="next"'}),
        as_json(200, {"events": []}, Link='</feed?after=x>; rel="next"'),
        Answer(200, b"[" + b" " * 90 + b"]", cut=50),
        Answer(302, headers={"Location": "http://127.0.0.1:1/"}),
        HANG_UP,
    ],
    ids=lambda answer: f"{answer.status}-{answer.body[:20]!r}-{answer.cut}",
)
def test_what_is_no_page_is_asked_for_again(
    opened: Open, delivery: Scripted, trouble: Answer
) -> None:
    delivery.script.extend([trouble, trouble])

    events = list(opened().new(10))

    assert len(events) == 7
    assert used(delivery)[:3] == [None, None, None]


def test_a_feed_that_stays_away_is_told_when_the_time_is_up(
    opened: Open, delivery: Scripted
) -> None:
    delivery.rule = lambda _: problem(503, "unavailable", "Postgres is away")

    with pytest.raises(NotFetched, match="Postgres is away"):
        list(opened().new(0.2))


def test_a_fixed_token_that_is_refused_is_told_at_once(
    opened: Open, delivery: Scripted
) -> None:
    delivery.rule = lambda _: problem(401, "unauthorized", "it has expired")

    with pytest.raises(TokenRefused, match="expired"):
        next(opened().new())


def test_a_token_that_can_be_renewed_is_renewed(
    opened: Open, delivery: Scripted
) -> None:
    tokens = iter(["gammelt", *["nytt"] * 9])
    delivery.script.append(problem(401, "unauthorized"))

    events = list(opened(token=lambda: next(tokens)).new())

    assert len(events) == 7
    sent = [asked.headers["Authorization"] for asked in delivery.asked[:2]]
    assert sent == ["Bearer gammelt", "Bearer nytt"]


def test_who_follows_waits_at_the_service_until_stopped(
    opened: Open, delivery: Scripted, paper: FeedOnPaper
) -> None:
    follower = opened()
    found = []
    late = Timer(0.3, lambda: paper.events.append(record(7)))
    late.start()

    for event in follower:
        found.append(event.id)
        if event.id == "sak-7":
            follower.stop()
    late.join()

    assert found == [f"sak-{n}" for n in range(8)]
    assert {asked.query["timeout"] for asked in delivery.asked} == {"30000"}


def test_the_reader_public_sends_no_token_and_does_not_ask_to_wait(
    opened: Open, delivery: Scripted
) -> None:
    follower = opened(token=None)

    for event in follower:
        if event.id == "sak-6":
            follower.stop()

    assert all("timeout" not in asked.query for asked in delivery.asked)
    assert all("Authorization" not in asked.headers for asked in delivery.asked)


def test_a_type_that_is_newer_than_the_client_comes_raw(
    opened: Open, paper: FeedOnPaper
) -> None:
    newer = "no.tidlig.initiative.dreamt.v1"
    paper.events = [record(0, type=newer), record(1)]

    first, second = opened().new()

    assert (first.type, first.data, first.type_name) == (None, None, newer)
    assert first.raw["scope"] == "central"
    assert second.data is not None


def test_a_field_that_is_newer_than_the_client_does_not_hide_the_others(
    opened: Open, paper: FeedOnPaper
) -> None:
    event = json.loads(record(0))
    event["data"]["colour"] = "green"
    paper.events = [orjson.dumps(event)]

    (found,) = opened().new()

    assert isinstance(found.data, InitiativeRegistered)
    assert found.data.scope == "central"
    assert found.raw["colour"] == "green"


def test_a_reader_can_judge_for_itself(opened: Open, paper: FeedOnPaper) -> None:
    def changed(**attributes: Any) -> bytes:
        event: Json = json.loads(record(0))
        data = attributes.pop("data", {})
        return orjson.dumps({**event, **attributes, "data": {**event["data"], **data}})

    paper.events = [
        record(0),
        changed(data={"title": "Noe annet"}),
        changed(ruleset=99),
    ]

    true, false, newer = (event.admitted() for event in opened().new())

    assert isinstance(true, Fact)
    assert isinstance(false, Refusal)
    assert false.reason == "datahash"
    assert newer == Newer(99)
