"""What is said in the joint arena, put beside what is said of its initiatives."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson

from schemas.rulesets import NEWEST, ruleset
from schemas.silence import DutyOverdue, concerned
from tests.schemas.said import NOW, example, fact, stamped, topic_of

from .telling import BEGIN, Told

ITEM = "item:nav:3-26"
TEXT = "aa" * 32


@dataclass
class Floor:
    """One item or meeting: facts that lie on the arena's topic and the tracker's."""

    about: Sequence[str]
    subject: str = ITEM
    told: list[Told] = field(default_factory=list)
    begins: datetime = BEGIN + timedelta(days=30)

    def say(self, name: str, audience: str = "arena", **said: Any) -> Told:
        """As in the examples, of these initiatives and with these words."""
        event = example(name) | {"subject": self.subject, "audience": audience}
        event["id"] = f"ord-{len(self.told)}"
        event["data"] |= said
        if name == "arena.readable":
            del event["audience"]
            event["recipients"] = event["data"]["channel"]
        else:
            event["data"]["initiatives"] = sorted(self.about)
        if "hash" in event["data"]:
            event["data"]["hash"] = said.get("hash", TEXT)
        if name == "duty.overdue":
            del event["audience"]
            event["recipients"] = " ".join(recipients_of(event["data"]))
        at = self.begins + timedelta(hours=len(self.told))
        event["time"] = at.isoformat()
        topic = topic_of(event)
        offset = sum(1 for each in self.told if each.topic == topic)
        self.told.append(Told(fact(event), topic, offset, at, stamped(event)))
        return self.told[-1]


def recipients_of(data: dict[str, Any]) -> tuple[str, ...]:
    arena = ruleset(NEWEST).arenas["nav"]
    return concerned(
        DutyOverdue.model_validate_json(orjson.dumps(data)), arena, NOW.date()
    )


def advised(about: Sequence[str], audience: str = "arena") -> Floor:
    """An item up to the end, with a position before advice is given and one after."""
    floor = Floor(about)
    floor.say("arena.item.proposed", question="kanari-sak?")
    floor.say("advice.drafted")
    floor.say("advice.challenged", text="kanari-innsigelse")
    floor.say("advice.position.recorded", position="dissent", text="kanari-dissens")
    floor.say("advice.position.recorded", hash="bb" * 32, text="kanari-eldre")
    floor.say("advice.issued", audience)
    floor.say("silence.noted", line="municipal")
    floor.say("decision.taken")
    floor.say("duty.overdue")
    return floor
