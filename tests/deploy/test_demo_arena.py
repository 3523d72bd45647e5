"""The arena of the demonstration: a calendar that is turned, and no other service's."""

from pathlib import Path

from deploy.local import tokens
from deploy.local.demo import arena
from deploy.local.demo.calendar import days_ahead, turn
from deploy.local.demo.calendar_stack import CALENDAR, with_calendar
from deploy.local.demo.says import AID
from deploy.local.services import KNOWN
from services.kit.auth import Tokens


def test_the_calendar_stands_at_today_until_it_is_turned(tmp_path: Path) -> None:
    assert days_ahead(tmp_path) == 0

    turn(tmp_path, arena.SILENCE)

    assert days_ahead(tmp_path) == arena.SILENCE


def test_only_the_arena_has_a_calendar_that_turns() -> None:
    changed = {
        new.name
        for old, new in zip(KNOWN, with_calendar(KNOWN), strict=True)
        if old != new
    }

    assert changed == {"consultation"}
    assert CALENDAR == "deploy.local.demo.calendar"


async def test_a_development_token_tells_who_acts_by_role_and_id(
    tmp_path: Path,
) -> None:
    jwks = tokens.publish(tmp_path)
    signed = tokens.sign(tmp_path, AID, arena.SCOPES, actor=("secretary", "k3v9"))
    nameless = tokens.sign(tmp_path, AID, arena.SCOPES, actor=("", "Kari N"))
    verify = Tokens(issuer=tokens.ISSUER, jwks=jwks)

    assert (await verify.principal(signed)).actor == ("secretary", "k3v9")
    assert (await verify.principal(nameless)).actor is None
