"""Every route of every service, asked what OpenAPI says can be asked, and what not.

Schemathesis makes the requests from the published documents and judges the answers: no
error of ours, no status, media type, header or body that is not described.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.openapi import from_dict
from schemathesis.pytest.lazy import get_all_tests
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from deploy.published import APPLICATIONS, SERVICES
from schemas.envelope import BATCH_MEDIA_TYPE, timestamp
from tests.schemas.said import KS, NAV, examples

from .conftest import PATIENCE, Services

Json = dict[str, Any]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
SUBJECT = f"{NAV}:k7v2qd9x"
pytestmark = pytest.mark.filterwarnings(
    # the services' threads draw from it meanwhile; the requests do not rest on it
    "ignore:Do not use the `random` module inside strategies"
)
BOUNDED = settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def published(service: str) -> Json:
    found: Json = json.loads((SERVICES / service / "openapi.json").read_text("utf-8"))
    return found


def described(service: str) -> Any:
    """The published document; what only `default` describes counts as undescribed."""
    found = published(service)
    for item in found["paths"].values():
        for operation in item.values():
            operation["responses"].pop("default", None)
    if service == "intake":
        make_up_few_types(found)
    return from_dict(found)


def make_up_few_types(found: Json) -> None:
    """Making up events of forty types takes minutes; each is sent further below."""
    body = found["paths"]["/events"]["post"]["requestBody"]["content"]
    written = body["application/cloudevents+json"]
    written["schema"]["anyOf"] = written["schema"]["anyOf"][:3]
    for kind in body.values():
        kind.pop("examples", None)


IN_THE_ARENA = ("/items", "/meetings", "/agenda", "/ranking", "/follow-through")
DESCRIBED = {service: described(service) for service in APPLICATIONS}


@dataclass(frozen=True)
class Known:
    """What there is to ask for."""

    receipt: str
    refused: str


@pytest.fixture(scope="module")
def known(services: Services) -> Known:
    """Everything published has been said, and has come through to KS."""
    said = [event for _, event in examples()]
    mine = [event for event in said if event["source"].startswith(f"urn:orgnr:{NAV}")]
    emitted = emit(services, mine, NAV).raise_for_status()
    refused = emit(services, [{**mine[0], "id": "x", "type": "x"}], NAV)
    services.until(
        lambda: SUBJECT in services.get("registry", "/initiatives", KS).text,
        "the initiative",
    )
    services.until(lambda: services.get("delivery", "/feed", KS).json(), "the feed")
    receipt = emitted.json()["receipts"][0]["receipt"]
    return Known(receipt, refused.headers["location"].rpartition("/")[2])


def emit(services: Services, events: list[Json], orgnr: str) -> httpx.Response:
    return httpx.post(
        f"{services.urls['intake']}/events",
        content=json.dumps(events),
        headers={"Content-Type": BATCH_MEDIA_TYPE, **services.bearer(orgnr)},
    )


def ask(services: Services, service: str, case: Case[Any]) -> None:
    """As an organisation, and without a token."""
    orgnr = NAV if service == "intake" else KS
    for headers in (services.bearer(orgnr), {}):
        case.call_and_validate(
            base_url=services.urls[service],
            headers=headers,
            checks=CHECKS,
            timeout=PATIENCE,
        )


@pytest.mark.parametrize("one_in", [6, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("service", APPLICATIONS)
def test_a_service_answers_nothing_that_is_not_described(
    services: Services,
    known: Known,
    service: str,
    one_in: int,
    subtests: pytest.Subtests,
) -> None:
    """Of what is made up for each route the first, and every so many of the others.

    It is made up here: at collection every worker would, for nothing.
    """
    assert known  # or a reader with an empty feed would wait as long as it asks to
    for operation, asks in operations(services, service, one_in):
        with subtests.test(operation):
            asks()


def operations(
    services: Services, service: str, one_in: int
) -> Iterator[tuple[str, Callable[[], None]]]:
    """Each of the service's operations, and what asks for it again and again."""
    numbers = count()

    def asked(case: Case[Any]) -> None:
        if next(numbers) % one_in == 0:
            ask(services, service, case)

    for made in get_all_tests(
        schema=DESCRIBED[service], test_func=asked, settings=BOUNDED, given_kwargs=None
    ):
        assert isinstance(made, Ok), made.err()
        operation, asks = made.ok()
        numbers = count()
        yield operation.label, asks


def readings() -> list[tuple[str, str]]:
    """Every path that can be read; what is in the arena has its own tests."""
    return [
        (service, path)
        for service in DESCRIBED
        for path, item in published(service)["paths"].items()
        if "get" in item and (service != "consultation" or path in IN_THE_ARENA)
        if not path.endswith("/arena")
    ]


@pytest.mark.parametrize(("service", "path"), readings())
def test_where_there_is_something_the_answer_has_the_described_form(
    services: Services, known: Known, service: str, path: str
) -> None:
    """Made-up requests seldom meet what there is."""
    asked = {
        "/receipts/{id}": [{"id": known.receipt}, {"id": known.refused}],
        "/groups/{group}": [{"group": "registry"}],
    }
    query = {
        "/initiatives/{id}/difference": {"from_as_of": "2026-09-15T12:00:00Z"},
        "/delays": {
            "initiative": SUBJECT,
            "source": f"urn:orgnr:{KS}:system",
            "id": "1",
            "offset": 0,
        },
    }
    reader = NAV if service == "intake" else KS
    for parameters in asked.get(path, [{"id": SUBJECT} if "{id}" in path else {}]):
        case = DESCRIBED[service][path]["get"].Case(
            path_parameters=parameters, query=query.get(path, {})
        )
        answer = case.call_and_validate(
            base_url=services.urls[service],
            headers=services.bearer(reader),
            checks=CHECKS,
            timeout=PATIENCE,
        )
        assert answer.status_code < 300, answer.text


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_intake_answers_to_an_event_has_the_described_form(
    services: Services, dry_run: bool
) -> None:
    for name, event in examples():
        if not event["source"].startswith(f"urn:orgnr:{NAV}"):
            continue
        now = timestamp(datetime.now().astimezone())
        case = DESCRIBED["intake"]["/events"]["post"].Case(
            body={**event, "id": f"{event['id']}-{now}", "time": now},
            media_type="application/cloudevents+json",
            query={"dry_run": dry_run},
        )
        answer = case.call_and_validate(
            base_url=services.urls["intake"],
            headers=services.bearer(NAV),
            checks=CHECKS,
            timeout=PATIENCE,
        )
        assert answer.status_code == (200 if dry_run else 202), name


def test_an_answer_that_is_not_described_would_be_noticed(services: Services) -> None:
    changed = published("intake")
    types = changed["components"]["schemas"]["TypeTold"]["properties"]
    types["said_by"]["enum"].remove("others")
    for path, gone in (("/receipts", "401"), ("/receipts/{id}", "401")):
        del changed["paths"][path]["get"]["responses"][gone]
        del changed["paths"][path]["get"]["responses"]["default"]
    document = from_dict(changed)
    url = services.urls["intake"]

    for path, parameters in (
        ("/types", {}),
        ("/receipts", {}),
        ("/receipts/{id}", {"id": "018f2d3e-0000-7000-8000-000000000000"}),
    ):
        case = document[path]["get"].Case(path_parameters=parameters)
        with pytest.raises(FailureGroup):
            case.call_and_validate(base_url=url, checks=CHECKS)
