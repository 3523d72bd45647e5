"""How what is said in the arena is recorded: who reads it stands in its envelope."""

from datetime import UTC, datetime

import pytest

from schemas.rulesets import NEWEST, ruleset
from schemas.silence import DutyOverdue, SilenceNoted
from schemas.topics import Line
from services.consultation.recording import admitted, record_of, said_in
from services.consultation.rules import Said
from tests.schemas.said import AID, DIGDIR, KS, NAV

ABOUT = (f"{NAV}:soknad", f"{DIGDIR}:felles")
AT = datetime(2027, 3, 1, 8, tzinfo=UTC)
TEXT = "ab" * 32


def overdue(line: Line) -> Said:
    data = DutyOverdue(
        initiatives=ABOUT, line=line, duty="follow_up", hash=TEXT, due=AT
    )
    return Said("item:nav:3-27", "duty.overdue", AT, data)


@pytest.mark.parametrize(("line", "has_it"), [("state", AID), ("municipal", KS)])
def test_a_duty_is_recorded_for_who_has_it_and_the_owners(
    line: Line, has_it: str
) -> None:
    said = overdue(line)

    fact = admitted(said, record_of(said, "plikt-1", ruleset(NEWEST)))

    assert set(fact.recipients) == {f"org:{each}" for each in (has_it, NAV, DIGDIR)}
    assert fact.audience == ()
    # read back it is the same act
    assert said_in(fact) == said


def test_silence_is_recorded_for_the_arena_as_the_item_is() -> None:
    data = SilenceNoted(
        initiatives=ABOUT, line="state", of="position", hash=TEXT, due=AT
    )
    said = Said("item:nav:3-27", "silence.noted", AT, data)

    fact = admitted(said, record_of(said, "taushet-1", ruleset(NEWEST)))

    assert (fact.audience, fact.recipients) == (("arena",), ())
    assert said_in(fact) == said
