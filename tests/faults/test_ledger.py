"""The ledger survives the emitter that wrote it."""

from contextlib import closing
from pathlib import Path

from . import ledger
from .ledger import Ledger
from .spoken import story


def test_what_was_intended_and_answered_is_read_again(tmp_path: Path) -> None:
    events = list(story("test", 1))[:3]
    with closing(Ledger(tmp_path / "ledger")) as book:
        book.intends(1.0, events)
        book.answered(2.0, events[:2], ["a", "b"])

    found = list(ledger.read(tmp_path / "ledger").values())

    assert [each.event for each in found] == events
    assert [each.acknowledged for each in found] == [True, True, False]
    assert found[0].answers == [(2.0, "a")]


def test_half_a_line_of_a_killed_emitter_spoils_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    first, second, *_ = story("test", 2)
    with closing(Ledger(path)) as killed:
        killed.intends(1.0, [first])
    with path.open("ab") as file:
        file.write(b'{"at": 2.0, "intent": {"subj')
    with closing(Ledger(path)) as book:
        book.intends(3.0, [second])

    found = ledger.read(path)

    assert [each.event for each in found.values()] == [first, second]


def test_a_story_is_the_same_for_the_same_seed_and_no_other() -> None:
    assert story("a", 1) == story("a", 1)
    assert story("a", 1)[0]["subject"] != story("b", 1)[0]["subject"]
