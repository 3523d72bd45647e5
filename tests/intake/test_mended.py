"""What was refused takes nothing with it: mended, it is accepted under the same id."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from hashlib import sha256
from typing import Any

import pytest

from schemas.rulesets import RuleSet
from services.intake import accept as accepting
from services.intake import api
from services.intake.accept import Accepted, accept
from services.intake.rules import Sent, judge
from services.intake.together import Together
from services.kit.auth import Principal
from tests.mistakes.named import failing
from tests.schemas.said import example

from .conftest import Emitter
from .test_api import (
    test_the_same_fact_again_gets_the_first_receipt_and_other_words_409 as said_again,
)

# a field that nobody knows, for it is misspelt
WRONG = {"titel": "Felles mottak"}


async def test_what_was_refused_is_accepted_when_it_is_mended(emitter: Emitter) -> None:
    event = example("initiative.registered")
    wrong = event | {"data": {**event["data"], **WRONG}}

    refused = await emitter.emit(wrong)
    mended = await emitter.emit(event)

    assert refused.status_code == 422
    assert mended.status_code == 202, mended.text
    assert mended.json()["receipts"][0]["accepted_before"] is False
    assert await emitter.count("receipt") == 1


async def test_a_mark_before_admission_is_caught(
    emitter: Emitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "judge", lambda *_: None)

    async def mark_first(
        together: Together,
        sent: Sent,
        caller: Principal,
        rules: RuleSet,
        now: datetime,
        **options: Any,
    ) -> Accepted:
        accepted = await accept(together, sent, caller, rules, now, **options)
        judge(sent, caller.orgnr, rules, now)
        return accepted

    monkeypatch.setattr(api, "accept", mark_first)

    await caught(test_what_was_refused_is_accepted_when_it_is_mended, emitter)


async def test_a_hash_over_intakes_additions_is_caught(
    emitter: Emitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same words, accepted again, would be taken for other words."""
    monkeypatch.setattr(accepting, "content_hash", lambda value: sha256(value).digest())

    await caught(said_again, emitter)


async def caught(test: Callable[[Emitter], Awaitable[None]], emitter: Emitter) -> None:
    with failing(test):
        await test(emitter)
