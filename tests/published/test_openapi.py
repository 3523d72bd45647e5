"""Every service's OpenAPI, judged by a validator that is not ours."""

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from deploy.published import APPLICATIONS, SERVICES

Json = dict[str, Any]
each_service = pytest.mark.parametrize("service", APPLICATIONS)


def published(service: str) -> Json:
    found: Json = json.loads(
        Path(SERVICES / service / "openapi.json").read_text("utf-8")
    )
    return found


@each_service
def test_it_is_openapi_3_1(service: str) -> None:
    found = published(service)

    assert found["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(found).iter_errors()) == []


def test_what_is_no_openapi_is_noticed() -> None:
    found = copy.deepcopy(published("delivery"))
    del found["paths"]["/feed"]["get"]["responses"]["200"]["description"]

    assert list(OpenAPIV31SpecValidator(found).iter_errors())


@each_service
def test_every_operation_has_a_name_of_its_own_and_says_what_it_is_for(
    service: str,
) -> None:
    operations = [
        operation
        for item in published(service)["paths"].values()
        for operation in item.values()
    ]

    assert all(operation["summary"] for operation in operations)
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)


def test_every_example_of_intakes_body_is_one_that_its_schema_admits() -> None:
    content = published("intake")["paths"]["/events"]["post"]["requestBody"]["content"]
    for media_type in ("application/cloudevents+json", "application/json"):
        described = content[media_type]
        validator = jsonschema_rs.validator_for(described["schema"])
        assert described["examples"]
        for example in described["examples"].values():
            validator.validate(example["value"])
