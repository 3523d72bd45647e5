"""`facts.md` §4, the table: who may read what."""

from collections.abc import Sequence

from schemas.rulesets import NEWEST, ruleset

from .said import GRANTS, OF_A_FACT, TIES, Said


def channels(reader: str) -> set[str]:
    """Everything that a reader is; "public" is who comes without a token."""
    if reader == "public":
        return {"public"}
    known = ruleset(NEWEST).organisations.get(reader)
    line = {known.line} if known is not None and known.line is not None else set()
    return {"public", f"org:{reader}", *line}


def readable(history: Sequence[Said], reader: str) -> list[Said]:
    return [each for each in history if may_read(history, each, reader)]


def may_read(history: Sequence[Said], fact: Said, reader: str) -> bool:
    if reader == fact.speaker:
        return True
    if fact.type in OF_A_FACT:
        named = [
            each
            for each in history
            if each.id == fact.about and each.type == fact.data["type"]
        ]
        return any(may_read(history, each, reader) for each in named)
    if fact.type in GRANTS:
        return reader == fact.owner or covered(history, fact, reader)
    if fact.speaker == "tracker":
        return bool(channels(reader) & set(fact.recipients))
    if fact.type in TIES and reader == fact.data["with"].split(":")[0]:
        return True
    if fact.speaker == fact.owner:
        return owners_words(history, fact, reader)
    return anothers_words(history, fact, reader)


def covered(history: Sequence[Said], fact: Said, reader: str) -> bool:
    """Whether the grant that is meant covers or covered the reader."""
    return any(
        grant.id == fact.grant and channels(reader) & grant.audience
        for grant in open_grants(history)
    )


def owners_words(history: Sequence[Said], fact: Said, reader: str) -> bool:
    match fact.visibility:
        case "public":
            return True
        case "shared":
            return bool(channels(reader) & live_audience(history))
        case "named":
            return reader in fact.recipients
        case _:
            return False


def anothers_words(history: Sequence[Said], fact: Said, reader: str) -> bool:
    if fact.visibility == "own":
        return False
    if fact.visibility == "named" and reader not in fact.recipients:
        return False
    if reader == fact.owner:
        return True
    # strangers are not heard, and a critic is not silenced by the end of its share
    ever = set().union(*(grant.audience for grant in open_grants(history)))
    if not channels(fact.speaker) & ever:
        return False
    through = channels(reader)
    if fact.visibility != "public":
        through = through - {"public"}
    return bool(through & live_audience(history))


def open_grants(history: Sequence[Said]) -> list[Said]:
    """Without an embargo, or opened by the tracker; no clock is asked."""
    opened = {each.grant for each in history if each.type == "share.opened"}
    return [
        each
        for each in history
        if each.type == "initiative.shared"
        and (each.data.get("not_before") is None or each.id in opened)
    ]


def live_audience(history: Sequence[Said]) -> set[str]:
    ended = {each.grant for each in history if each.type == "share.ended"}
    live = [grant for grant in open_grants(history) if grant.id not in ended]
    return set().union(*(grant.audience for grant in live))


def ever_audience(history: Sequence[Said]) -> set[str]:
    return set().union(*(grant.audience for grant in open_grants(history)))
