"""A fact for the oracle: a record parsed, and nothing of what the services make of it.

What this folder holds is written from `facts.md` alone, as plainly as can be; it shares
no rule with `services` or with `schemas.policy`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from tests.histories import Told

Json = dict[str, Any]
# `facts.md` §1: identity within a subject
Id = tuple[str, str]

FAMILY = {
    "initiative.registered": "description",
    "initiative.discovered": "description",
    "initiative.amended": "description",
    "initiative.gateplan.revised": "gateplan",
    "initiative.lock.recorded": "lock",
    "initiative.gate.decided": "gate",
    "initiative.stopped": "life",
    "initiative.completed": "life",
    "initiative.paused": "life",
    "initiative.resumed": "life",
    "initiative.acknowledged": "acknowledgement",
    "response.submitted": "response",
    "initiative.scope.changed": "scope",
    "initiative.status.reported": "status",
    "initiative.joined": "joined",
    "initiative.matched": "matched",
    "initiative.lock.claimed": "claim",
    "initiative.disputed": "dispute",
    "involvement.requested": "involvement_request",
    "involvement.accepted": "involvement_answer",
    "involvement.declined": "involvement_answer",
    "involvement.held": "involvement_held",
    "cost.estimated": "cost",
    "cost.disagreed": "cost_disagreement",
    "funding.planned": "funding",
    "funding.applied": "funding",
    "funding.granted": "funding",
    "funding.refused": "funding",
    "benefit.planned": "benefit_planned",
    "benefit.measured": "benefit_measured",
}
# what else than `key` is the key: "" where the speaker has only one
KEY_IN = {
    "gateplan": "gate",
    "status": "period",
    "joined": "with",
    "matched": "with",
    "life": "",
    "acknowledgement": "",
    "scope": "",
}
GRANTS = ("initiative.shared", "share.ended", "share.opened")
TIES = ("initiative.joined", "initiative.matched")
OF_A_FACT = ("fact.corrected", "fact.withdrawn", "fact.setaside", "fact.reinstated")


@dataclass(frozen=True)
class Said:
    """What was said, and where it lies."""

    event: Json
    topic: str
    offset: int
    appended: datetime

    @property
    def id(self) -> Id:
        return (self.event["source"], self.event["id"])

    @property
    def type(self) -> str:
        return str(self.event["type"]).removeprefix("no.tidlig.").removesuffix(".v1")

    @property
    def data(self) -> Json:
        found: Json = self.event["data"]
        return found

    @property
    def speaker(self) -> str:
        """An organisation number; of the tracker nobody's."""
        source = str(self.event["source"])
        return source.split(":")[2] if source.startswith("urn:orgnr:") else "tracker"

    @property
    def owner(self) -> str:
        return str(self.event["subject"]).split(":")[0]

    @property
    def visibility(self) -> str:
        return str(self.event.get("visibility", "shared"))

    @property
    def recipients(self) -> list[str]:
        return str(self.event.get("recipients", "")).split()

    @property
    def audience(self) -> set[str]:
        return set(str(self.event.get("audience", "")).split())

    @property
    def about(self) -> Id:
        """The fact that a correction, withdrawal or setting aside names."""
        return (self.data["fact"]["source"], self.data["fact"]["id"])

    @property
    def grant(self) -> Id:
        """The grant that this is, ends or opens."""
        if self.type == "initiative.shared":
            return self.id
        return (self.data["grant"]["source"], self.data["grant"]["id"])


def said(told: Told) -> Said:
    return Said(orjson.loads(told.value), told.topic, told.offset, told.appended)
