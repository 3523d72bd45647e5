"""Facts in: with whom initiatives are shared, when they lock, what is joined."""

from collections.abc import Sequence

from schemas.fact import Fact
from schemas.topics import MUNICIPAL, STATE, TRACKER
from services.kit.batch import Arrived
from services.kit.db import Connection

from . import store
from .initiatives import hear, heard_again, word_in
from .rules.standing import Word

GROUP = "consultation"
TOPICS = (STATE, MUNICIPAL, TRACKER)


async def on_facts(conn: Connection, facts: Sequence[Arrived]) -> None:
    """Keep what the arena needs to know of each initiative."""
    # what was observed in the arena lies on the tracker's topic too
    of_initiatives = [each for each in facts if not each.fact.in_arena]
    await store.remember(conn, facts)
    subjects = sorted({each.fact.subject for each in of_initiatives})
    before = await store.heard(conn, subjects, lock=True)
    await store.add_words(conn, words_in(of_initiatives))
    after = dict(before)
    for each in of_initiatives:
        subject = each.fact.subject
        after[subject] = hear(after[subject], each.fact, each.offset)
    # what names another fact may uncover an older one: all that was said is there
    for subject in subjects:
        if after[subject].about != before[subject].about:
            words = await store.words(conn, subject)
            after[subject] = heard_again(after[subject], words)
    changed = [after[each] for each in subjects if after[each] != before[each]]
    if changed:
        await store.save_heard(conn, changed)


def words_in(facts: Sequence[Arrived]) -> list[tuple[Fact, Word]]:
    """What is said here that the agenda rests on, each with its fact."""
    found = ((each.fact, word_in(each.fact, each.offset)) for each in facts)
    return [(fact, word) for fact, word in found if word is not None]
