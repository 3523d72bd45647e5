"""`facts.md` §3-§6: grants, from when to when, and what the tracker has seen."""

from collections.abc import Sequence
from datetime import datetime

from .said import GRANTS, Id, Said
from .standing import in_order

# a grant's audience, and which facts said it, opened it and ended it
Share = tuple[frozenset[str], Id | None, Id | None, Id | None]
DESCRIBES = ("initiative.registered", "initiative.discovered", "initiative.amended")


def shares(mine: Sequence[Said]) -> dict[Id, Share]:
    """Ended wins in any order; of two that say the same the first."""
    acts = [each for each in in_order(mine) if each.type in GRANTS]

    def first(grant: Id, type: str) -> Said | None:
        return next((a for a in acts if a.type == type and a.grant == grant), None)

    found: dict[Id, Share] = {}
    for grant in {each.grant for each in acts}:
        said = first(grant, "initiative.shared")
        audience = frozenset() if said is None else frozenset(said.audience)
        opened, ended = first(grant, "share.opened"), first(grant, "share.ended")
        found[grant] = (audience, id_of(said), id_of(opened), id_of(ended))
    return found


def id_of(said: Said | None) -> Id | None:
    return None if said is None else said.id


def readable(mine: Sequence[Said]) -> dict[str, dict[Id, datetime]]:
    """Since when the description could be read, by channel; the earliest stands."""
    found: dict[str, dict[Id, datetime]] = {}
    for each in mine:
        if each.type != "initiative.readable":
            continue
        at = datetime.fromisoformat(each.event["time"])
        channel = found.setdefault(each.data["channel"], {})
        for named in each.data["facts"]:
            if named["type"] in DESCRIBES:
                fact = (named["source"], named["id"])
                channel[fact] = min(at, channel.get(fact, at))
    return found


def received(mine: Sequence[Said]) -> dict[str, datetime]:
    said = [each for each in mine if each.type == "initiative.received"]
    return {e.data["body"]: datetime.fromisoformat(e.event["time"]) for e in said}
