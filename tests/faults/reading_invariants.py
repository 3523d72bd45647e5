"""The invariants of what readers are given: all that they may read, nothing else."""

from collections.abc import Iterator

from tests.properties.naive.said import Said

from .broken import Broken, Invariant
from .ledger import Identity
from .spoken import CANARY
from .truth import Truth
from .world import World


def each_reads_what_it_may(world: World, truth: Truth) -> Iterator[Broken]:
    """I1, I18: a reader's whole feed is what `may_read` opens to it."""
    for feed in world.feeds:
        expected = truth.readings.now[feed.reader]
        yield from leaks(feed.reader, feed.given.keys() - expected, "is given")
        for identity in sorted(expected - feed.given.keys()):
            yield Broken("lost", "I1", f"not in the feed of {feed.reader}", identity)
        twice = [identity for identity, times in feed.given.items() if times > 1]
        for identity in twice:
            says = f"twice in one reading of the feed by {feed.reader}"
            yield Broken("duplicated", "I2", says, identity)


def followers_miss_nothing(world: World, truth: Truth) -> Iterator[Broken]:
    """I1, I8, I18: who followed its cursor through all of it has all, and no more."""
    for follower in world.followed:
        allowed = truth.readings.ever[follower.reader]
        yield from leaks(follower.reader, follower.given.keys() - allowed, "was given")
        missed = truth.readings.now[follower.reader] - follower.given.keys()
        for identity in sorted(missed):
            says = f"passed over by the cursor of {follower.reader}"
            yield Broken("lost", "I8", says, identity)
        for text in follower.broken:
            yield Broken("other", "I15", text)


def leaks(reader: str, identities: set[Identity], how: str) -> Iterator[Broken]:
    for identity in sorted(identities):
        says = f"{reader} {how} what it may not read"
        yield Broken("leak", "I18", says, identity)


def texts_stay_with_their_readers(world: World, truth: Truth) -> Iterator[Broken]:
    """I17, I18: no text reaches who may not read it, nor any log."""
    for follower in [*world.followed, *world.feeds]:
        allowed = {
            text
            for identity in truth.readings.ever[follower.reader]
            for text in CANARY.findall(truth.facts[identity].value or b"")
        }
        for text in sorted(follower.canaries - allowed):
            says = f"{follower.reader} was given the text {text.decode()}"
            yield Broken("leak", "I18", says)
    for line in world.said_in_logs:
        yield Broken("leak", "I17", f"what was said is in a log: {line}")


def views_are_those_of_the_naive_fold(world: World, truth: Truth) -> Iterator[Broken]:
    """I2: what stands for each reader is what a naive reading of the rules shows."""
    for subject, differs in truth.readings.differences.items():
        last = said_last(truth.histories[subject])
        yield Broken("other", "I2", f"{subject}: {differs}", last)
    del world


def said_last(history: list[Said]) -> Identity:
    return str(history[-1].event["subject"]), *history[-1].id


ALL: tuple[Invariant, ...] = (
    each_reads_what_it_may,
    followers_miss_nothing,
    texts_stay_with_their_readers,
    views_are_those_of_the_naive_fold,
)
