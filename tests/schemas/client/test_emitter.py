"""What is said is kept, sent in order, tried again, and never given up in silence."""

import logging
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Event
from time import monotonic

import httpx
import pytest

from schemas.client import Emitter, IdReused, NotSent, TokenRefused
from schemas.initiative import InitiativeCompleted

from .conftest import ONE, OTHER, Make, say
from .scripted import HANG_UP, Answer, IntakeOnPaper, Scripted, as_json, problem


def test_what_is_said_is_sent_in_its_order_and_answered_with_a_receipt(
    make: Make, paper: IntakeOnPaper
) -> None:
    emitter = make()
    said = [say(emitter), say(emitter, OTHER), say(emitter)]

    flushed = emitter.flush()

    assert paper.ids() == [each.id for each in said]
    assert (flushed.accepted, flushed.refused) == (3, 0)
    assert emitter.waiting() == 0
    receipts = [each.receipt for each in emitter.accepted()]
    assert [r and r["receipt"] for r in receipts] == [f"r-{each.id}" for each in said]


@pytest.mark.parametrize(
    "trouble",
    [
        problem(503, "unavailable"),
        problem(429, "too_many_requests"),
        Answer(502, b"<html>a proxy's own page</html>"),
        Answer(404, b"<html>not here</html>"),
        Answer(403, b"<html>a firewall's own page</html>"),
        Answer(301, headers={"Location": "http://127.0.0.1:1/"}),
        Answer(200, b"<html>log in to the wireless net</html>"),
        as_json(202, {"receipts": []}),
        as_json(202, ["?"]),
        Answer(202, b'{"receipts": [', cut=0),
        Answer(202, b"x" * 100, cut=60),
        HANG_UP,
    ],
    ids=lambda answer: f"{answer.status}-{answer.body[:20]!r}-{answer.cut}",
)
def test_an_answer_that_settles_nothing_is_asked_for_again(
    make: Make, intake: Scripted, paper: IntakeOnPaper, trouble: Answer
) -> None:
    emitter = make()
    said = say(emitter)
    intake.script.extend([trouble, trouble])

    flushed = emitter.flush(10)

    assert flushed.accepted == 1
    assert paper.ids() == [said.id]
    bodies = {asked.body for asked in intake.asked}
    assert len(intake.asked) == 3
    assert bodies == {said.text}


def test_what_was_accepted_without_an_answer_is_sent_again_and_counts_once(
    make: Make, intake: Scripted, paper: IntakeOnPaper
) -> None:
    emitter = make()
    said = say(emitter)

    def accepts_and_hangs_up(asked: object) -> Answer:
        paper(asked)  # type: ignore[arg-type]  # the request
        return HANG_UP

    intake.script.append(accepts_and_hangs_up)
    emitter.flush(10)

    assert paper.ids() == [said.id]
    (kept,) = emitter.accepted()
    assert kept.receipt is not None
    assert kept.receipt["accepted_before"] is True


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_it_waits_as_long_as_intake_asks(
    make: Make, intake: Scripted, form: str
) -> None:
    emitter = make()
    say(emitter)
    moment = datetime.now(UTC) + timedelta(seconds=2)
    asked = "1" if form == "seconds" else format_datetime(moment, usegmt=True)
    intake.script.append(problem(503, "unavailable", Retry_After=asked))

    began = monotonic()
    emitter.flush(10)

    assert monotonic() - began >= 0.9


def test_a_flush_tells_when_its_time_is_up_and_nothing_is_lost(
    make: Make, intake: Scripted, paper: IntakeOnPaper
) -> None:
    emitter = make()
    said = say(emitter)
    intake.rule = lambda _: problem(503, "unavailable", "Postgres is away")

    with pytest.raises(NotSent, match=r"1 event.*Postgres is away") as found:
        emitter.flush(0.3)

    assert found.value.waiting == 1
    assert emitter.waiting() == 1
    intake.rule = paper
    emitter.flush()
    assert paper.ids() == [said.id]


def test_a_flush_does_not_wait_for_what_it_cannot_reach(
    make: Make, intake: Scripted
) -> None:
    emitter = make()
    say(emitter)
    intake.script.append(problem(503, "unavailable", Retry_After="3600"))

    began = monotonic()
    with pytest.raises(NotSent):
        emitter.flush(30)

    assert monotonic() - began < 5


def test_a_refused_event_is_kept_with_its_reason_and_holds_nothing_up(
    make: Make,
    paper: IntakeOnPaper,
    caplog: pytest.LogCaptureFixture,
) -> None:
    emitter = make()
    said = [say(emitter, OTHER if n % 2 else ONE) for n in range(9)]
    paper.refuses = {said[4].id}

    with caplog.at_level(logging.WARNING):
        flushed = emitter.flush()

    assert (flushed.accepted, flushed.refused) == (8, 1)
    (refused,) = emitter.refused()
    assert refused.id == said[4].id
    assert refused.problem is not None
    assert refused.problem.code == "invalid_event"
    assert "a municipality is not known" in str(refused.problem)
    for subject in (ONE, OTHER):
        meant = [e.id for e in said if e.subject == subject and e is not said[4]]
        assert paper.ids(subject) == meant
    assert said[4].id in caplog.text


def test_a_refused_event_can_be_sent_again_once_the_reason_has_passed(
    make: Make, paper: IntakeOnPaper
) -> None:
    emitter = make()
    said = say(emitter)
    paper.refuses = {said.id}
    emitter.flush()
    paper.refuses = set()

    found = emitter.try_again(*emitter.refused())
    emitter.flush()

    assert found == 1
    assert paper.accepted[0]["time"] == said.time.isoformat().replace("+00:00", "Z")
    assert emitter.refused() == []


def test_an_event_on_which_intake_breaks_holds_up_its_own_initiative_only(
    make: Make, paper: IntakeOnPaper
) -> None:
    emitter = make()
    said = [say(emitter, OTHER if n % 2 else ONE) for n in range(8)]
    paper.breaks_on = {said[2].id}

    with pytest.raises(NotSent):
        emitter.flush(0.2)

    assert paper.ids(OTHER) == [each.id for each in said if each.subject == OTHER]
    assert paper.ids(ONE) == [said[0].id]
    paper.breaks_on = set()
    emitter.flush()
    assert paper.ids(ONE) == [each.id for each in said if each.subject == ONE]


def test_many_are_sent_in_few_requests_that_intake_takes(
    make: Make, intake: Scripted, paper: IntakeOnPaper
) -> None:
    emitter = make()
    outcome = "å" * 8000
    said = [
        emitter.say(InitiativeCompleted(outcome=outcome), subject=ONE)
        for _ in range(150)
    ]

    emitter.flush()

    assert paper.ids() == [each.id for each in said]
    assert max(len(asked.body) for asked in intake.asked) <= 1024 * 1024
    assert len(intake.asked) < 6


def test_a_token_that_can_be_renewed_is_asked_for_before_every_request(
    make: Make, intake: Scripted
) -> None:
    tokens = iter(["gammelt", "nytt"])
    emitter = make(lambda: next(tokens))
    say(emitter)
    intake.script.append(problem(401, "unauthorized", "the token has expired"))

    emitter.flush()

    sent = [asked.headers["Authorization"] for asked in intake.asked]
    assert sent == ["Bearer gammelt", "Bearer nytt"]


@pytest.mark.parametrize(
    "answer",
    [
        problem(401, "unauthorized", "the token has expired"),
        problem(403, "insufficient_scope", "the token lacks the scope"),
    ],
)
def test_a_fixed_token_that_is_refused_is_told_at_once_and_nothing_is_lost(
    make: Make, intake: Scripted, answer: Answer
) -> None:
    emitter = make()
    say(emitter)
    intake.rule = lambda _: answer

    with pytest.raises(TokenRefused, match="the token"):
        emitter.flush()

    assert emitter.waiting() == 1
    assert emitter.refused() == []


def test_an_issuer_that_is_away_is_waited_for(make: Make, paper: IntakeOnPaper) -> None:
    failures = iter([httpx.ConnectError("away"), OSError("no route"), None])

    def token() -> str:
        if error := next(failures):
            raise error
        return "et-token"

    emitter = make(token)
    said = say(emitter)
    emitter.flush()

    assert paper.ids() == [said.id]


def test_an_id_of_ones_own_says_the_same_once(make: Make, paper: IntakeOnPaper) -> None:
    emitter = make()
    first = say(emitter, id="rad-7")
    again = say(emitter, id="rad-7")
    emitter.flush()
    after = say(emitter, id="rad-7")
    emitter.flush()

    assert again == first
    assert after.state == "accepted"
    assert paper.ids() == ["rad-7"]


def test_an_id_used_for_other_content_is_refused_at_once(make: Make) -> None:
    emitter = make()
    say(emitter, id="rad-7")

    with pytest.raises(IdReused, match="rad-7"):
        emitter.say(InitiativeCompleted(), subject=ONE, id="rad-7")

    assert emitter.waiting() == 1


def test_in_the_background_all_is_sent_whatever_happens_on_the_way(
    make: Make, intake: Scripted, paper: IntakeOnPaper
) -> None:
    done = Event()

    def tells(asked: object) -> Answer:
        answer = paper(asked)  # type: ignore[arg-type]  # the request
        if len(paper.accepted) == 3:
            done.set()
        return answer

    intake.rule = tells
    intake.script.extend([HANG_UP, problem(401, "unauthorized"), problem(503, "x")])
    emitter = make().start()
    said = [say(emitter) for _ in range(3)]

    assert done.wait(10)
    assert paper.ids() == [each.id for each in said]


def test_a_token_function_that_fails_does_not_end_the_background_work(
    make: Make, paper: IntakeOnPaper, caplog: pytest.LogCaptureFixture
) -> None:
    failures = iter([ValueError("no key"), None])
    asked = Event()

    def token() -> str:
        if error := next(failures, None):
            raise error
        asked.set()
        return "et-token"

    emitter = make(token).start()
    said = say(emitter)

    assert asked.wait(10)
    emitter.close()
    assert "no key" in caplog.text
    assert said.id in paper.ids()


def test_what_waits_outlives_the_emitter(make: Make, paper: IntakeOnPaper) -> None:
    first = make()
    said = [say(first) for _ in range(3)]
    first.close()

    make().flush()

    assert paper.ids() == [each.id for each in said]
    assert [e["time"] for e in paper.accepted] == [
        each.time.isoformat().replace("+00:00", "Z") for each in said
    ]


@pytest.mark.parametrize(
    "url", ["http://tidlig.example", "ftp://tidlig.example", "tidlig.example", ""]
)
def test_a_token_is_never_sent_in_clear(url: str, make: Make) -> None:
    make()
    with pytest.raises(ValueError, match="https"):
        Emitter(url, "et-token", source="urn:orgnr:889640782:s", outbox="ut.db")
