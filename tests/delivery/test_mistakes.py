"""Mistakes on purpose in the feed: each is caught by a test that has a name."""

from hashlib import sha256

import pytest
from fastapi import Request, Response

from services.delivery import api, judging, sealing
from services.delivery.feed import Page
from services.delivery.sealing import Cursor, Seal
from tests.mistakes.named import failing

from .conftest import Desk
from .test_feed import (
    test_neither_the_cursor_nor_its_length_tells_how_much_there_is as tells_nothing,
)
from .test_feed import (
    test_no_secret_of_any_kind_is_heard_by_any_other_reader as heard_by_no_other,
)
from .test_feed import (
    test_secrets_change_nothing_in_what_another_reader_is_answered as change_nothing,
)


def test_a_cursor_that_counts_secrets_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is only spelt otherwise, and whoever reads it sees the log grow."""

    def spelt(_: Seal, cursor: Cursor) -> str:
        return sealing.text(cursor.to_bytes())

    monkeypatch.setattr(Seal, "cursor", spelt)

    with failing(tells_nothing):
        tells_nothing()


async def test_a_cursor_as_a_number_is_caught(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its length grows with what others may read."""
    seal = Seal.cursor

    def numbered(sealed: Seal, cursor: Cursor) -> str:
        return seal(sealed, cursor) + "A" * cursor.step

    monkeypatch.setattr(Seal, "cursor", numbered)

    with failing(change_nothing):
        await change_nothing(desk)


async def test_an_etag_that_counts_secrets_is_caught(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = api.answer

    def counting(request: Request, seal: Seal, found: Page, limit: int) -> Response:
        given = answer(request, seal, found, limit)
        step = str(found.cursor.step).encode()
        given.headers["etag"] = f'"{sha256(bytes(given.body) + step).hexdigest()[:32]}"'
        return given

    monkeypatch.setattr(api, "answer", counting)

    with failing(change_nothing):
        await change_nothing(desk)


async def test_a_feed_that_does_not_ask_the_policy_is_caught(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither when the lines were written nor when they are served."""
    monkeypatch.setattr("services.delivery.rules.opens", lambda *_: True)
    monkeypatch.setattr(judging, "may_read", lambda *_: True)

    with failing(heard_by_no_other):
        await heard_by_no_other(desk)
