"""The CloudEvents SDK, a second implementation of the standard, both ways.

What it writes in any mode intake accepts as the same fact, and it reads the feed. Its
present API and its older one are asked, for integrators have either.
"""

import json
from datetime import datetime
from typing import Any

import httpx
import pytest
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings import http
from cloudevents.core.bindings.http import HTTPMessage
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1 import conversion
from cloudevents.v1.http import CloudEvent as OlderEvent

from schemas.envelope import BATCH_MEDIA_TYPE, timestamp
from schemas.types import TYPES
from services.intake.answers import SPOKEN
from tests.schemas.said import KS, NAV, examples

from .conftest import Services

Json = dict[str, Any]
SAID = [(name, event) for name, event in examples() if TYPES[event["type"]] in SPOKEN]
each_example = pytest.mark.parametrize(
    "event", [event for _, event in SAID], ids=[name for name, _ in SAID]
)


def made(event: Json) -> CloudEvent:
    """The event as the SDK has it; it insists on a `datetime`."""
    said = {name: value for name, value in event.items() if name != "data"}
    moment = datetime.fromisoformat(event["time"])
    return CloudEvent({**said, "time": moment}, event["data"])


def older(event: Json) -> OlderEvent:
    said = {name: value for name, value in event.items() if name != "data"}
    return OlderEvent(said, event["data"])


def speaker(event: Json) -> str:
    found: str = event["source"].split(":")[2]
    return found


def send(services: Services, message: HTTPMessage, orgnr: str) -> httpx.Response:
    return httpx.post(
        f"{services.urls['intake']}/events",
        content=message.body,
        headers={**message.headers, **services.bearer(orgnr)},
    )


def batch(*events: CloudEvent) -> HTTPMessage:
    """The SDK has no batch of its own; the standard's is an array of its events."""
    written = [JSONFormat().write(event) for event in events]
    return HTTPMessage(
        {"content-type": BATCH_MEDIA_TYPE}, b"[" + b",".join(written) + b"]"
    )


def receipt_of(answer: httpx.Response) -> str:
    assert answer.status_code == 202, answer.text
    (found,) = answer.json()["receipts"]
    receipt: str = found["receipt"]
    return receipt


@each_example
def test_every_mode_of_the_sdk_says_the_same_fact(
    services: Services, event: Json
) -> None:
    sdk, before = made(event), older(event)
    messages = [
        http.to_binary_event(sdk),
        http.to_structured_event(sdk),
        batch(sdk),
        HTTPMessage(*conversion.to_binary(before)),
        HTTPMessage(*conversion.to_structured(before)),
    ]

    answers = [send(services, message, speaker(event)) for message in messages]

    assert len({receipt_of(answer) for answer in answers}) == 1
    receipts = [answer.json()["receipts"][0] for answer in answers]
    assert {each["accepted_before"] for each in receipts[1:]} == {True}
    assert {each["id"] for each in receipts} == {event["id"]}


def test_a_batch_of_the_sdk_gets_a_receipt_for_each_event(services: Services) -> None:
    events = [event for _, event in SAID if speaker(event) == NAV]
    now = timestamp(datetime.now().astimezone())
    several = [{**e, "id": f"b{n}", "time": now} for n, e in enumerate(events)]

    answer = send(services, batch(*map(made, several)), NAV)

    assert answer.status_code == 202, answer.text
    assert [r["id"] for r in answer.json()["receipts"]] == [e["id"] for e in several]


def test_attributes_that_headers_must_encode_arrive_as_they_were(
    services: Services,
) -> None:
    event = {**SAID[0][1], "id": 'min"egen"%41', "actor": 'saksys "åpen" 100%'}
    ascii_only = {**event, "actor": 'saksys "open" 100%'}

    refused = send(services, http.to_binary_event(made(event)), speaker(event))
    taken = send(services, http.to_binary_event(made(ascii_only)), speaker(event))

    assert refused.json()["faults"][0]["pointer"] == "/actor"
    assert taken.status_code == 202, taken.text
    assert taken.json()["receipts"][0]["id"] == event["id"]


def test_the_sdk_reads_the_feed_as_it_was_said(services: Services) -> None:
    owner = [e for n, e in SAID if n in OWNERS_WORDS]
    now = timestamp(datetime.now().astimezone())
    fresh = [{**e, "subject": f"{NAV}:sdk-lest", "time": now} for e in owner]
    assert send(services, batch(*map(made, fresh)), NAV).status_code == 202

    read = services.until(lambda: those_of(services, "sdk-lest"), "the feed")

    for event in fresh:
        found = read[event["id"]]
        assert found.get_data() == event["data"]
        assert found.get_source() == event["source"]
        assert found.get_subject() == event["subject"]
        assert found.get_time() == datetime.fromisoformat(event["time"])
        assert found.get_extension("partyline") == "state"
        # and it can be handed on in another mode without loss
        again = http.from_binary_event(http.to_binary_event(found))
        assert again.get_data() == event["data"]
        assert again.get_id() == event["id"]


OWNERS_WORDS = (
    "initiative.registered/usual",
    "initiative.shared/usual",
    "initiative.lock.recorded/usual",
)


def those_of(services: Services, local: str) -> dict[str, BaseCloudEvent]:
    """The feed's events of one initiative by id, when all of them are there."""
    page = services.get("delivery", "/feed?limit=1000", KS)
    read: list[BaseCloudEvent] = [
        JSONFormat().read(None, json.dumps(each).encode()) for each in page.json()
    ]
    found: dict[str, BaseCloudEvent] = {
        each.get_id(): each
        for each in read
        if each.get_subject() == f"{NAV}:{local}"
        and each.get_source().startswith("urn:orgnr:")
    }
    return found if len(found) == len(OWNERS_WORDS) else {}
