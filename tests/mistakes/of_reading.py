"""Mistakes in who may read what."""

from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any

import pytest

from schemas import policy
from schemas.channels import PUBLIC
from schemas.envelope import read
from schemas.identity import mark
from schemas.policy import Grants, Said
from schemas.rulesets import NEWEST, RuleSet
from schemas.strict_json import NotStrict
from schemas.types import ANY, CORRECTED, TYPES_OF
from services.kit import batch as batches
from services.kit.batch import Batch

TODAY = date(2026, 7, 1)


def the_owners_public_opens_anothers_words(patch: pytest.MonkeyPatch) -> None:
    opens = policy.opens_others

    def for_everybody(fact: Said, channel: str, grants: Grants) -> bool:
        shared = channel == PUBLIC and fact.visibility == "shared"
        return opens(fact, channel, grants) or (
            shared and policy.is_covered({PUBLIC}, grants)
        )

    patch.setattr(policy, "opens_others", for_everybody)


def a_strangers_words_are_heard(patch: pytest.MonkeyPatch) -> None:
    """Whether a grant ever covered the speaker is not asked."""
    patch.setattr(policy, "was_covered", lambda *_: True)


def an_ended_grant_silences_a_critic(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(policy, "was_covered", policy.is_covered)


def a_grant_widens_what_names_its_readers(patch: pytest.MonkeyPatch) -> None:
    opens = policy.opens_owners

    def wider(fact: Said, channel: str, grants: Grants) -> bool:
        named = fact.visibility == "named" and policy.is_covered({channel}, grants)
        return named or opens(fact, channel, grants)

    patch.setattr(policy, "opens_owners", wider)


def an_ended_grant_still_opens(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(policy, "is_covered", policy.was_covered)


def a_correction_is_read_by_all_who_know_its_name(patch: pytest.MonkeyPatch) -> None:
    opens = policy.opens

    def always(fact: Said, channel: str, grants: Grants, named: Any = None) -> bool:
        if fact.readers == "named" and channel in ("state", "municipal"):
            return policy.is_covered({channel}, grants)
        return opens(fact, channel, grants, named)

    patch.setattr("services.delivery.rules.opens", always)


def an_own_correction_of_a_shared_lock(patch: pytest.MonkeyPatch) -> None:
    """Everybody else goes on reading, and computing on, what was wrong."""
    row = replace(CORRECTED, visibilities=ANY)
    patch.setitem(TYPES_OF[NEWEST], row.full_name, row)


def mark_before_admission(patch: pytest.MonkeyPatch) -> None:
    """What is refused takes its id with it."""
    keep = Batch.keep_first_sayings

    def with_refused(batch: Batch, known: Any) -> None:
        marks = {}
        for each in batch.refused:
            try:
                said = read(each.value or b"").attributes
            except NotStrict:
                continue
            names = (str(said.get(name)) for name in ("subject", "source", "id"))
            marks[mark(*names)] = each.value or b""
        keep(batch, {**known, **marks})

    patch.setattr(Batch, "keep_first_sayings", with_refused)


def hash_over_intakes_additions(patch: pytest.MonkeyPatch) -> None:
    """The same words, accepted again, are taken for other words."""
    patch.setattr(batches, "content_hash", lambda value: sha256(value).digest())


def who_may_speak_by_todays_table(patch: pytest.MonkeyPatch) -> None:
    def today(rules: RuleSet, orgnr: str, _: datetime) -> bool:
        return rules.organisations[orgnr].validity.holds_on(TODAY)

    patch.setattr(RuleSet, "valid_at", today)


def municipalities_by_todays_table(patch: pytest.MonkeyPatch) -> None:
    def today(rules: RuleSet, code: str, _: date) -> bool:
        found = rules.municipalities.get(code)
        return found is not None and found.holds_on(TODAY)

    patch.setattr(RuleSet, "is_municipality_on", today)
