"""What the tracker observes: opened, readable, received, set aside and reinstated."""

from schemas import tracker
from schemas.types import Family

from .choices import Choices
from .story import Story

DESCRIPTION: Family = "description"


def opened(of: Choices, story: Story) -> None:
    """An embargo is opened; sometimes of what was never under one, or never said."""
    grants = story.grants if of.one_in(4) else story.embargoed or story.grants
    teller = story.teller
    teller.observe(tracker.share_opened(teller.subject, of.pick(grants), teller.now))


def received(of: Choices, story: Story) -> None:
    teller = story.teller
    teller.observe(tracker.received(teller.subject, of.pick(story.others), teller.now))


def readable(of: Choices, story: Story) -> None:
    """*Readable* about something that the owner has said, if it has said anything."""
    teller = story.teller
    mine = [fact for fact in story.facts if fact.speaker == story.owner]
    if mine:
        facts = [(fact.ref, fact.type.name) for fact in of.some(mine[-8:], 2)]
        channel = of.pick(story.cast.audiences)
        position = f"{len(teller.told):022d}"
        teller.observe(
            tracker.readable(teller.subject, channel, facts, position, teller.now)
        )


def readable_at_once(of: Choices, story: Story) -> None:
    """As delivery says it: of all of the description, on each channel of a grant."""
    grants = [fact for fact in story.facts if fact.type.name == "initiative.shared"]
    facts = [(f.ref, f.type.name) for f in story.facts if f.type.family == DESCRIPTION]
    if not (grants and facts):
        return
    teller = story.teller
    for channel in of.pick(grants).audience:
        position = f"{len(teller.told):022d}"
        teller.observe(
            tracker.readable(teller.subject, channel, facts[-8:], position, teller.now)
        )
        # in one step, at one moment
        teller.stood += 1


def set_aside(of: Choices, story: Story) -> None:
    """Set aside, perhaps before the fact itself is read, and perhaps reinstated."""
    facts = story.said_by_parties
    if not facts:
        return
    fact, teller = of.pick(facts), story.teller
    name = "initiative.paused" if of.one_in(6) else fact.type.name
    for say in of.pick(
        (
            [tracker.set_aside],
            [tracker.set_aside, tracker.reinstated],
            [tracker.reinstated],
            [tracker.set_aside, tracker.reinstated, tracker.set_aside],
        )
    ):
        service = of.pick(("registry", "delivery"))
        named, turn = (fact.ref, name), len(teller.told)
        teller.observe(say(service, teller.subject, named, "r", teller.now, turn))
