"""What other parties say, and what the owner may say among them."""

from typing import get_args

from schemas.models import FactRef
from schemas.money import FundingSource, Payer

from .choices import Choices
from .owners import DAYS, DECISIONS, KEYS, LOCK_KINDS
from .story import OPEN, Story
from .telling import Data

SOURCES = get_args(FundingSource)
PAYERS = get_args(Payer)
LEVELS = ("inform", "consult", "codesign", "coown")
POSITIONS = ("neutral", "supports", "supports_with_conditions", "opposes")
ABOUT = ("description", "scope", "open_decisions", "gate", "lock", "status", "money")


def some_ref(of: Choices, story: Story) -> Data:
    """A fact of this initiative that a party said, or one that nobody has said."""
    said = [FactRef(source=f.source, id=f.id) for f in story.said_by_parties]
    unknown = FactRef(source=f"urn:orgnr:{story.owner}:system", id="never-said")
    return of.pick([*said[-5:], unknown]).model_dump()


def acknowledged(of: Choices, story: Story) -> None:
    data = {"reader_role": of.word()}
    story.another_says(of, "initiative.acknowledged", data)


def answered(of: Choices, story: Story) -> None:
    data = {"key": "k1", "position": of.pick(POSITIONS), "text": of.word()}
    story.another_says(of, "response.submitted", data)


def claimed(of: Choices, story: Story) -> None:
    data = {"key": of.pick(KEYS), "kind": of.pick(LOCK_KINDS), "date": of.pick(DAYS)}
    data["seen_in"] = of.word()
    story.another_says(of, "initiative.lock.claimed", data, OPEN)


def disputed(of: Choices, story: Story) -> None:
    data: Data = {"key": of.pick(KEYS), "about": of.pick(ABOUT), "text": of.word()}
    if of.one_in(2):
        data["still_open"] = of.some(DECISIONS, 2)
    story.party_says(of, "initiative.disputed", data)


def involved(of: Choices, story: Story) -> None:
    """Asked for, accepted, declined, or held."""
    name = of.pick(("requested", "accepted", "declined", "held"))
    data: Data = {"key": of.pick(KEYS)}
    match name:
        case "requested":
            data |= {"level": of.pick(LEVELS), "purpose": of.word()}
        case "held":
            data |= {"level": of.pick(LEVELS), "date": "2026-02-27"}
        case "declined":
            data |= {"request": some_ref(of, story), "reason": of.word()}
        case _:
            data |= {"request": some_ref(of, story), "seats": 2}
    story.party_says(of, f"involvement.{name}", data)


def reckoned(of: Choices, story: Story) -> None:
    data = {"key": of.pick(KEYS), "low": 1, "high": 2, "price_year": 2026}
    data |= {"falls_on": of.pick(PAYERS), "kind": "once", "method": of.word()}
    story.party_says(of, "cost.estimated", data)


def disagreed(of: Choices, story: Story) -> None:
    data = {"key": of.pick(KEYS), "estimate": some_ref(of, story), "reason": of.word()}
    story.party_says(of, "cost.disagreed", data)


def funded(of: Choices, story: Story) -> None:
    """Planned, applied for, granted or refused."""
    name = of.pick(("planned", "applied", "granted", "refused"))
    data: Data = {"key": of.pick(KEYS), "source": of.pick(SOURCES), "amount": 1_000}
    data |= {"budget_year": of.pick((2028, 2029))}
    if not of.one_in(4):
        data["share_percent"] = of.pick((40, 60, 100))
    if name != "planned":
        data[name] = "2026-02-27"
    story.party_says(of, f"funding.{name}", data)


def gained(of: Choices, story: Story) -> None:
    """A benefit that is planned, or measured."""
    data: Data = {"key": of.pick(KEYS), "low": 1, "high": 2, "price_year": 2026}
    data |= {"payer": of.pick(PAYERS), "gainer": of.pick((*PAYERS, "users"))}
    data["kind"] = "saved_time"
    if of.one_in(2):
        story.party_says(of, "benefit.planned", {**data, "from_year": 2028})
    else:
        data |= {"measured": "2026-02-27", "method": of.word()}
        story.party_says(of, "benefit.measured", data)
