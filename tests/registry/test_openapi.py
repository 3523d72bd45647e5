"""What the registry says of itself is what it answers."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # no stubs

from schemas.admission import admit
from schemas.fact import Fact
from services.registry import answers
from services.registry.policies import phase_policy
from tests.histories import Told
from tests.schemas.said import KS, NAV, example, stamped, topic_of

from .conftest import Desk, Json, app_of

SUBJECT = f"{NAV}:k7v2qd9x"
# published facts about one initiative, in the order in which they were said
PUBLISHED = (
    "initiative.registered",
    "initiative.shared",
    "initiative.readable",
    "initiative.received",
    "initiative.acknowledged",
    "initiative.gateplan.revised",
    "response.submitted",
    "initiative.lock.recorded",
    "initiative.gate.decided",
)
ROUTES = {
    "/initiatives": "list",
    "/initiatives/{id}": "initiative",
    "/initiatives/{id}/history": "history",
    "/initiatives/{id}/difference": "difference",
    "/earliness": "earliness",
}
Operation = dict[str, Any]


def published() -> list[Told]:
    """The published examples as they would lie on Kafka, accepted when said."""
    found = []
    for name in PUBLISHED:
        event = example(name)
        said = datetime.fromisoformat(event["time"])
        topic, value = topic_of(event), stamped(event, accepted=said)
        fact = admit(value, (), topic, event["subject"].encode())
        assert isinstance(fact, Fact), fact
        found.append(Told(fact, topic, 0, said, value))
    return found


async def answered(desk: Desk, route: str) -> Json:
    """What KS is answered; lists show how a page leads to the next."""
    asked = {
        "/initiatives": {"limit": "1"},
        "/initiatives/{id}/history": {"limit": "2"},
        "/initiatives/{id}/difference": {"from_as_of": "2026-02-20T12:00:00+01:00"},
    }
    return await desk.read(route.format(id=SUBJECT), KS, params=asked.get(route))


@pytest.fixture
async def openapi(desk: Desk) -> Json:
    return app_of(desk.registry).openapi()


def operations(openapi: Json) -> Iterator[tuple[str, Operation]]:
    for path, item in openapi["paths"].items():
        if path in ROUTES:
            yield path, item["get"]


def schema_of(openapi: Json, operation: Operation) -> Json:
    """The schema of the 200 answer, with what it refers to."""
    found = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return {**found, "components": openapi["components"]}


async def test_every_route_is_described_with_examples(openapi: Json) -> None:
    found = dict(operations(openapi))

    assert openapi["openapi"].startswith("3.1")
    assert found.keys() == ROUTES.keys()
    for path, operation in found.items():
        assert operation["summary"], path
        assert operation["description"], path
        for parameter in operation["parameters"]:
            assert parameter["description"], (path, parameter["name"])
        ok = operation["responses"]["200"]
        assert ok["description"], path
        assert ok["content"]["application/json"]["example"], path
        assert operation["responses"].keys() >= {"304", "400", "401", "403", "429"}
        # FastAPI's own shape of a fault is never sent
        assert "422" not in operation["responses"]


async def test_the_description_is_openapi_3_1(openapi: Json) -> None:
    """Schemas are JSON Schema 2020-12, and every reference leads somewhere."""
    for name, schema in openapi["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert name
    for reference in references(openapi):
        found: Any = openapi
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found
    ids = [operation["operationId"] for _, operation in operations(openapi)]
    assert len(set(ids)) == len(ROUTES)


def references(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        if isinstance(found.get("$ref"), str):
            yield found["$ref"]
        for value in found.values():
            yield from references(value)
    elif isinstance(found, list):
        for value in found:
            yield from references(value)


@pytest.mark.parametrize("route", ROUTES)
async def test_an_answer_has_the_described_form_and_the_example_is_one(
    desk: Desk, openapi: Json, route: str
) -> None:
    """Made anew from the published facts: where they change, write the file anew."""
    await desk.tell(*published())
    validator = Draft202012Validator(
        schema_of(openapi, dict(operations(openapi))[route])
    )

    found = await answered(desk, route)

    validator.validate(found)
    shown = json.loads((answers.EXAMPLES / f"{ROUTES[route]}.json").read_text("utf-8"))
    assert shown == found


@pytest.mark.parametrize(
    ("path", "media_type"),
    [("/initiatives.csv", "text/csv"), ("/initiatives.jsonl", "application/jsonl")],
)
async def test_a_file_has_its_media_type_and_an_example(
    desk: Desk, openapi: Json, path: str, media_type: str
) -> None:
    await desk.tell(*published())

    found = await desk.get(path, KS)

    operation = openapi["paths"][path]["get"]
    ok = operation["responses"]["200"]["content"]
    assert ok.keys() == {media_type}
    assert found.headers["content-type"].startswith(media_type)
    assert ok[media_type]["example"] == found.text
    assert operation["responses"].keys() >= {"400", "401", "403", "429", "503"}


async def test_a_field_that_nobody_described_would_be_noticed(
    desk: Desk, openapi: Json
) -> None:
    route = "/initiatives/{id}"
    validator = Draft202012Validator(
        schema_of(openapi, dict(operations(openapi))[route])
    )
    await desk.tell(*published())
    found = await answered(desk, route)

    assert not validator.is_valid({**found, "ny": 1})
    assert not validator.is_valid({k: v for k, v in found.items() if k != "locks"})


async def test_the_phases_that_can_be_asked_for_are_those_of_the_policy(
    openapi: Json,
) -> None:
    asked = dict(operations(openapi))["/initiatives"]["parameters"]
    (phase,) = [each for each in asked if each["name"] == "phase"]

    assert phase["schema"]["enum"] == list(phase_policy().codes)
