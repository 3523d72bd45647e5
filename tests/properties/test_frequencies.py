"""The histories hold what the properties are about, often enough to mean something."""

from collections import Counter
from collections.abc import Callable, Iterable
from random import Random

import pytest

from schemas.fact import Fact
from schemas.types import TYPES
from tests.histories import Choices, Story

from . import table
from .cases import BYTES, Case, case_of
from .taking import taken

MANY = 500
SEED = 20_260_302


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """As many as are told in every run of a property, by a seed of their own."""
    random = Random(SEED)  # noqa: S311  # no secret is made of it
    return [case_of(Choices(random.randbytes(BYTES))) for _ in range(MANY)]


def says(*names: str) -> Callable[[Story], bool]:
    return lambda story: any(fact.type.name in names for fact in story.facts)


def is_said(visibility: str, *, by_owner: bool) -> Callable[[Story], bool]:
    def said(fact: Fact) -> bool:
        mine = (fact.speaker == fact.owner) == by_owner
        return mine and fact.line is not None and fact.visibility == visibility

    return lambda story: any(map(said, story.facts))


def has_record(*reasons: str) -> Callable[[Story], bool]:
    return lambda story: any(each.reason in reasons for each in story.teller.unwanted)


def is_refused(story: Story) -> bool:
    return any(each.reason not in ("", "id_reused") for each in story.teller.unwanted)


def opens_an_embargo(story: Story) -> bool:
    opened = [fact.grant for fact in story.facts if fact.type.name == "share.opened"]
    return any(grant in opened for grant in story.embargoed)


def keeps_an_embargo(story: Story) -> bool:
    opened = [fact.grant for fact in story.facts if fact.type.name == "share.opened"]
    return any(grant not in opened for grant in story.embargoed)


def ends_a_grant(story: Story) -> bool:
    ended = [fact.grant for fact in story.facts if fact.type.name == "share.ended"]
    return any(grant in ended for grant in story.grants[1:])


def ends_and_shares_anew(story: Story) -> bool:
    """A cover that ends, and a later one."""
    names = [fact.type.name for fact in story.facts]
    if "share.ended" not in names:
        return False
    return "initiative.shared" in names[names.index("share.ended") :]


def puts_right(*names: str) -> Callable[[Story], bool]:
    """A fact that is known is named by its right type."""

    def found(story: Story) -> bool:
        known = {(fact.ref, fact.type.name) for fact in story.facts}
        return any(
            fact.type.name in names and (fact.named, fact.named_type) in known
            for fact in story.facts
        )

    return found


def puts_right_nothing(story: Story) -> bool:
    """What is named is unknown, or of another type."""
    known = {(fact.ref, fact.type.name) for fact in story.facts}
    return any(
        fact.named is not None and (fact.named, fact.named_type) not in known
        for fact in story.facts
    )


def speaks_at_once(story: Story) -> bool:
    """Two speakers, one moment, one id: only their numbers tell them apart."""
    said = Counter((f.accepted, f.id) for f in story.facts if f.line is not None)
    return any(number > 1 for number in said.values())


# of a hundred histories, at least so many
AT_LEAST: dict[str, tuple[int, Callable[[Story], bool]]] = {
    "share": (30, says("initiative.shared")),
    "two shares": (15, lambda s: len(s.grants) > 2),
    "end": (10, ends_a_grant),
    "share after an end": (8, ends_and_shares_anew),
    "embargo that is opened": (8, opens_an_embargo),
    "embargo that is kept": (8, keeps_an_embargo),
    "joint": (8, says("initiative.joined")),
    "matched": (8, says("initiative.matched")),
    "corrected": (10, puts_right("fact.corrected")),
    "withdrawn": (6, puts_right("fact.withdrawn")),
    "set aside": (8, puts_right("fact.setaside")),
    "reinstated": (8, puts_right("fact.reinstated")),
    "named in vain": (5, puts_right_nothing),
    "said again": (10, has_record("")),
    "said again with other words": (10, has_record("id_reused")),
    "refused": (15, is_refused),
    "refused for its day": (2, has_record("not_valid")),
    "own correction": (4, has_record("visibility")),
    "owner's own": (15, is_said("own", by_owner=True)),
    "owner's named": (15, is_said("named", by_owner=True)),
    "owner's public": (25, is_said("public", by_owner=True)),
    "another's own": (15, is_said("own", by_owner=False)),
    "another's named": (15, is_said("named", by_owner=False)),
    "another's public": (25, is_said("public", by_owner=False)),
    "two at once": (5, speaks_at_once),
}


@pytest.mark.parametrize("kind", AT_LEAST)
def test_histories_hold_enough_of(cases: list[Case], kind: str) -> None:
    least, is_there = AT_LEAST[kind]

    found = sum(is_there(case.story) for case in cases)

    assert found * 100 >= least * MANY, f"{found} of {MANY}"


def test_every_type_is_said(cases: list[Case]) -> None:
    said = Counter(fact.type.full_name for case in cases for fact in case.story.facts)

    # the arena's own walks are in tests/consultation
    assert set(said) == {n for n, row in TYPES.items() if not row.in_arena}
    assert min(said.values()) >= MANY // 50, said.most_common()[-3:]


def test_topics_are_read_in_another_order_and_cut(cases: list[Case]) -> None:
    def order(batches: Iterable[Iterable[object]]) -> list[object]:
        return [each for batch in batches for each in batch]

    turned = sum(order(c.again) != order(c.one_by_one) for c in cases)
    long = sum(any(len(batch) > 1 for batch in case.again) for case in cases)

    assert turned > MANY // 2
    assert long > MANY // 2


def test_other_readers_than_the_owner_see_something(cases: list[Case]) -> None:
    """A property of secrets says little where nobody is shown anything."""
    seen = 0
    with table.in_use():
        for case in cases[:100]:
            services = taken(case.story.teller.subject, case.one_by_one)
            others = [table.READERS[each] for each in case.story.others]
            seen += any(services.given(reader) for reader in others)

    assert seen > 50


def test_no_history_runs_out_of_bytes(cases: list[Case]) -> None:
    """Or its end would be the same in all of them."""
    random = Random(SEED)  # noqa: S311
    for _ in cases:
        of = Choices(random.randbytes(BYTES))
        case_of(of)
        assert of.used <= BYTES
