"""What parties say in the journeys: short, and each with an id of its own."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

Json = dict[str, Any]
numbers = count(1)


def says(speaker: str, subject: str, name: str, data: Json, **attributes: Any) -> Json:
    return {
        "specversion": "1.0",
        "id": f"sak-{next(numbers)}",
        "source": f"urn:orgnr:{speaker}:saksys",
        "type": f"no.tidlig.{name}.v1",
        "subject": subject,
        "time": datetime.now(UTC).isoformat(),
        "data": data,
        **attributes,
    }


def registered(owner: str, subject: str, title: str, **attributes: Any) -> Json:
    data = {
        "title": title,
        "problem": "Søkeren må oppgi det samme to ganger.",
        "contact_role": "Felles postkasse",
        "synthetic": True,
    }
    return says(owner, subject, "initiative.registered", data, **attributes)


def shared(owner: str, subject: str, audience: str, **data: Any) -> Json:
    return says(owner, subject, "initiative.shared", data, audience=audience)


def ended(owner: str, share: Json) -> Json:
    grant = {"source": share["source"], "id": share["id"]}
    data = {"grant": grant, "reason": "Trukket tilbake."}
    return says(owner, share["subject"], "share.ended", data)


def locked(owner: str, subject: str, day: str) -> Json:
    data = {"key": "avtale", "kind": "contract", "date": day, "closes": ["supplier"]}
    return says(owner, subject, "initiative.lock.recorded", data)


def answers(speaker: str, subject: str, text: str, **attributes: Any) -> Json:
    data = {"key": "svar", "position": "neutral", "text": text}
    return says(speaker, subject, "response.submitted", data, **attributes)


def identity(event: Json) -> tuple[str, str, str]:
    return (event["subject"], event["source"], event["id"])
