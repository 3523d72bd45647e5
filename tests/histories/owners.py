"""What an owner says of its initiative: every type, in its many forms."""

from typing import get_args

from schemas.initiative import LockKind
from schemas.models import Decision, Gate
from schemas.progress import ServiceArea

from . import trackers
from .choices import Choices
from .story import OPEN, Story, ref_json
from .telling import Data

GATES = get_args(Gate)
LOCK_KINDS = get_args(LockKind)
DECISIONS = get_args(Decision)
SERVICES = get_args(ServiceArea)
# 1805 was Narvik until 2019, and is no municipality on the days of these stories
MUNICIPALITIES = (["0301"], ["1805"], ["0301", "1806"])
KEYS = ("k1", "k2")
# before and after the first of them can have been announced
DAYS = ("2026-05-01", "2026-02-01", "2026-04-01", "2027-01-25")


def registered(of: Choices, story: Story) -> None:
    data: Data = {"title": of.word(), "problem": "p", "contact_role": "r"}
    if of.one_in(3):
        data["municipalities"] = of.pick(MUNICIPALITIES)
    if of.one_in(3):
        data["scope"] = of.pick(("central", "local"))
    story.owner_says(of, "initiative.registered", data)


def amended(of: Choices, story: Story) -> None:
    changes: Data = {of.pick(["title", "summary"]): of.word()}
    if of.one_in(3):
        changes["municipalities"] = of.pick((None, *MUNICIPALITIES))
    story.owner_says(of, "initiative.amended", {"changes": changes})


def discovered(of: Choices, story: Story) -> None:
    data = {"title": of.word(), "learnt_from": "nyheitsbrev", "learnt": "2026-02-02"}
    if of.one_in(2):
        data["believed_owner"] = of.pick(story.others)
    story.owner_says(of, "initiative.discovered", data)


def shared(of: Choices, story: Story) -> None:
    audience = " ".join(sorted(of.some(story.cast.audiences, 2)))
    data: Data = {"not_before": "2026-06-01T08:00:00Z"} if of.one_in(3) else {}
    embargoed = bool(data)
    if of.one_in(3):
        data["open_decisions"] = of.some(DECISIONS, 3)
    said = story.says(
        of, story.owner, "initiative.shared", data, OPEN, audience=audience
    )
    story.grants.append(said)
    story.embargoed += [said] if embargoed else []
    if embargoed and of.one_in(3):
        trackers.opened(of, story)


def shared_early(of: Choices, story: Story) -> None:
    """The usual story at once: announced, shared, readable, with a lock to come."""
    registered(of, story)
    shared(of, story)
    trackers.readable_at_once(of, story)
    locked(of, story)


def ended(of: Choices, story: Story) -> None:
    """Of a grant that was given; sometimes of one that nobody has said."""
    grants = story.grants if of.one_in(6) else story.grants[1:] or story.grants
    data = {"grant": ref_json(of.pick(grants)), "reason": of.word()}
    story.owner_says(of, "share.ended", data, OPEN)


def locked(of: Choices, story: Story) -> None:
    data = {"key": of.pick(KEYS), "kind": of.pick(LOCK_KINDS), "date": of.pick(DAYS)}
    story.owner_says(of, "initiative.lock.recorded", data, OPEN)


def decided(of: Choices, story: Story) -> None:
    data = {
        "key": of.pick(KEYS),
        "gate": of.pick(GATES),
        "outcome": of.pick(["approved", "rejected", "approved", "postponed"]),
        "date": of.pick(DAYS),
        "body": "Porteføljestyret",
    }
    story.owner_says(of, "initiative.gate.decided", data, OPEN)


def planned(of: Choices, story: Story) -> None:
    data = {"gate": of.pick(GATES), "date": of.pick(("2026-09-01", None))}
    story.owner_says(of, "initiative.gateplan.revised", data, OPEN)


def lived(of: Choices, story: Story) -> None:
    """Paused, resumed, stopped or completed."""
    name = of.pick(("paused", "resumed", "stopped", "completed"))
    data = {"outcome" if name == "completed" else "reason": of.word()}
    story.owner_says(of, f"initiative.{name}", data, OPEN)


def scope_changed(of: Choices, story: Story) -> None:
    codes = of.pick((None, *MUNICIPALITIES))
    data: Data = {"cause": of.word(), "reach": "all_municipalities"}
    if codes is not None:
        data |= {"reach": "these_municipalities", "municipalities": codes}
    if of.one_in(3):
        data["valid_from"] = of.pick(("2019-06-01", "2026-09-01"))
    if of.one_in(3):
        data["services"] = of.some(SERVICES, 2)
    story.owner_says(of, "initiative.scope.changed", data)


def reported(of: Choices, story: Story) -> None:
    data = {
        "period": of.pick(("2026-H1", "2025-H2")),
        "colour": of.pick(("green", "yellow", "red")),
        "progress": of.word(),
        "evidence_date": "2026-02-27",
    }
    story.owner_says(of, "initiative.status.reported", data)


def tied(of: Choices, story: Story) -> None:
    name = of.pick(("initiative.joined", "initiative.matched"))
    data = {"with": f"{of.pick(story.others)}:{of.pick(('annet', 'b7'))}"}
    story.owner_says(of, name, data, OPEN)
