"""The facts of the path's scenario, and records that are none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.identity import Ref, mark
from schemas.topics import MUNICIPAL, STATE
from services.kit.outbox import Outgoing
from tests.schemas.said import NARVIK, NAV, example, stamped

from .broker import STRUCTURED


@dataclass(frozen=True, slots=True)
class Saying:
    """A fact as it is written, and what tells it from others."""

    outgoing: Outgoing
    speaker: str
    id: str
    mark: bytes


def saying(speaker: str, subject: str, name: str, number: int) -> Saying:
    event = {
        **example(name),
        "id": f"nr-{number}",
        "source": f"urn:orgnr:{speaker}:system",
        "subject": subject,
    }
    topic = MUNICIPAL if speaker == NARVIK else STATE
    ref = Ref(event["source"], event["id"])
    outgoing = Outgoing(topic, subject.encode(), stamped(event))
    return Saying(outgoing, speaker, ref.id, mark(subject, ref.source, ref.id))


SUBJECTS = (f"{NAV}:a", f"{NAV}:c")
# in the order in which their speakers say them, by speaker and initiative
SAYINGS: Mapping[tuple[str, str], Sequence[Saying]] = {
    (speaker, subject): [saying(speaker, subject, name, n) for n in range(number)]
    for subject in SUBJECTS
    for speaker, name, number in (
        (NAV, "initiative.registered", 3),
        (NARVIK, "initiative.acknowledged", 2),
    )
}
BY_VALUE = {s.outgoing.value: s for row in SAYINGS.values() for s in row}
GARBAGE = (
    (b"key", None, STRUCTURED),
    (b"key", b"{", STRUCTURED),
    (None, b"{}", (("content-type", b"\xfe\xff"), ("x", None))),
)
