"""What is wrong with the statements: no test, or one that is not there."""

from collections import Counter
from collections.abc import Iterator, Sequence

from .statements import Section, Statement, every
from .there import holder_at, mistakes


def faults(found: Sequence[Section]) -> Iterator[str]:
    """Each fault as a sentence that says what to mend."""
    said = list(every(found))
    for name, times in Counter(each.id for each in said).items():
        if times > 1:
            yield f"{name} stands {times} times; give each its own id"
    planted = mistakes()
    for each in said:
        yield from faults_of(each, planted)
    guarding = {node for each in said for node in each.mistakes}
    for node in sorted(planted - guarding):
        yield f"{node} is planted; add it to `mistakes` of the statement that it breaks"


def faults_of(each: Statement, planted: set[str]) -> Iterator[str]:
    if not (each.tests or each.reserved or each.arena or each.missing):
        yield f"{each.id} has no test; name one, or say what is `missing`"
    if each.reserved and each.arena:
        yield f"{each.id} is reserved and the arena's; it can be one"
    for node in each.tests:
        test = holder_at(node)
        if test is None:
            yield f"{each.id} names {node}, which is no test; was it renamed?"
        elif test.fails and not each.missing:
            yield f"{each.id} rests on {node}, which fails; say what is `missing`"
    for node in each.mistakes:
        if node not in planted:
            yield f"{each.id} names {node}, which plants no mistake"
