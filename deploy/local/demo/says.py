"""Events as an organisation's own system would make them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

Json = dict[str, Any]
Identity = tuple[str, str, str]

AID, NAV, DIGDIR = "983887457", "889640782", "991825827"
KS, NARVIK = "971032146", "959469059"


@dataclass(frozen=True, slots=True)
class Saying:
    """An event, and whether KS may read it while it is said, judged by hand."""

    event: Json
    for_ks: bool

    @property
    def identity(self) -> Identity:
        return identity_of(self.event)


@dataclass
class System:
    """The system of an organisation: numbers its events, speaks in its name."""

    orgnr: str
    name: str
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def says(
        self, subject: str, name: str, data: Json, *, for_ks: bool, **attributes: str
    ) -> Saying:
        event = {
            "specversion": "1.0",
            "id": f"{self.name}-{next(self.numbers)}",
            "source": f"urn:orgnr:{self.orgnr}:{self.name}",
            "type": f"no.tidlig.{name}.v1",
            "subject": subject,
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "datacontenttype": "application/json",
            **attributes,
            "data": data,
        }
        return Saying(event, for_ks)

    def announces(
        self, local: str, title: str, problem: str, *, for_ks: bool, **attributes: str
    ) -> Saying:
        data = {
            "title": title,
            "problem": problem,
            "contact_role": "Felles postkasse for tiltaket",
            "language": "nb",
            "synthetic": True,
        }
        subject = f"{self.orgnr}:{local}"
        return self.says(
            subject, "initiative.registered", data, for_ks=for_ks, **attributes
        )

    def shares(self, local: str, audience: str, *, for_ks: bool, **data: Any) -> Saying:
        subject = f"{self.orgnr}:{local}"
        return self.says(
            subject, "initiative.shared", data, for_ks=for_ks, audience=audience
        )

    def locks(self, local: str, kind: str, day: str, *, for_ks: bool) -> Saying:
        data = {"key": "forste-binding", "kind": kind, "date": day}
        subject = f"{self.orgnr}:{local}"
        return self.says(subject, "initiative.lock.recorded", data, for_ks=for_ks)


def identity_of(event: Json) -> Identity:
    return (event["subject"], event["source"], event["id"])
