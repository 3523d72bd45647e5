"""The AsyncAPI document, held to the standard's own schema and to the topics."""

import copy
import hashlib
import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import orjson
import pytest
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema
from pydantic import ValidationError

from schemas import topics
from schemas.fact import Fault, Refusal
from schemas.published import asyncapi
from schemas.types import TYPES
from services.kit.batch import Refused
from services.kit.checkpoint import Place
from services.registry.handlers import rejection

Json = dict[str, Any]
# the project that keeps the standard publishes its JSON Schemas as this package
SPECS = "@asyncapi/specs@6.11.1"
SPECS_SHA256 = "01af8744dc33c0c7eb2e908f6a955319ee58b70ecadc9387d1aeb16c0cd28928"
INSIDE = "package/schemas/3.0.0-without-$id.json"


@pytest.fixture(scope="module")
def standard(
    tmp_path_factory: pytest.TempPathFactory,
) -> jsonschema_rs.Draft7Validator:
    """AsyncAPI's own JSON Schema, where npm can have it."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(f"npm, which has {SPECS}, is not on this machine")
    place = tmp_path_factory.mktemp("asyncapi")
    packed = subprocess.run(  # noqa: S603  # a fixed name and version
        [npm, "pack", SPECS, "--prefer-offline"],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if packed.returncode:
        pytest.skip(f"npm cannot have {SPECS} here")
    (package,) = place.glob("*.tgz")
    assert hashlib.sha256(package.read_bytes()).hexdigest() == SPECS_SHA256
    with tarfile.open(package) as files:
        found = files.extractfile(INSIDE)
        assert found is not None
        return jsonschema_rs.Draft7Validator(json.loads(found.read()))


@pytest.fixture
def document() -> Json:
    return copy.deepcopy(asyncapi.document())


def spoilt(document: Json) -> Iterator[Json]:
    """The document, each time with one thing that the standard does not allow."""
    one = copy.deepcopy(document)
    del one["info"]["version"]
    yield one
    two = copy.deepcopy(document)
    next(iter(two["operations"].values()))["action"] = "publish"
    yield two
    three = copy.deepcopy(document)
    next(iter(three["channels"].values()))["bindings"]["kafka"]["partitions"] = 0
    yield three


def test_it_is_valid_by_the_standards_own_schema(
    standard: jsonschema_rs.Draft7Validator, document: Json
) -> None:
    standard.validate(document)

    for wrong in spoilt(document):
        assert not standard.is_valid(wrong)


def test_another_implementation_of_the_standard_reads_it(document: Json) -> None:
    read = ApplicationSchema.model_validate(document)

    assert read.channels.keys() == document["channels"].keys()
    assert read.operations is not None
    assert read.operations.keys() == document["operations"].keys()
    del document["info"]["title"]
    with pytest.raises(ValidationError):
        ApplicationSchema.model_validate(document)


def test_every_topic_is_a_channel_with_its_owner_key_and_retention(
    document: Json,
) -> None:
    by_address = {each["address"]: each for each in document["channels"].values()}

    assert by_address.keys() == topics.BY_NAME.keys()
    for topic in topics.ALL:
        found = by_address[topic.name]
        kafka = found["bindings"]["kafka"]
        kept = kafka["topicConfiguration"]["retention.ms"]
        assert (found["x-owner"], found["x-key"]) == (topic.owner, topic.key)
        assert kafka["partitions"] == topic.partitions
        assert kept == (
            -1 if topic.retention is None else topic.retention.total_seconds() * 1000
        )


def test_every_writer_and_reader_of_a_topic_is_an_operation(document: Json) -> None:
    found = {
        (each["action"], name.split("-")[0], each["channel"]["$ref"])
        for name, each in document["operations"].items()
    }
    expected = set()
    for topic in topics.ALL:
        reference = f"#/channels/{asyncapi.slug(topic)}"
        expected.add(("send", topic.producer, reference))
        expected |= {("receive", reader, reference) for reader in topic.consumers}

    assert found == expected


def test_every_type_lies_on_the_topics_where_it_is_said(document: Json) -> None:
    lying = {
        channel["address"]: set(channel["messages"])
        for channel in document["channels"].values()
    }

    def of(*groups: str) -> set[str]:
        return {row.full_name for row in TYPES.values() if row.group in groups}

    parties = of("owner", "other", "party", "speaker")
    assert lying[topics.STATE.name] == lying[topics.MUNICIPAL.name] == parties
    assert lying[topics.TRACKER.name] == of("tracker")
    assert lying[topics.ARENA.name] == of("line", "arena")


def test_every_reference_leads_somewhere(document: Json) -> None:
    references = list(references_in(document))

    assert references
    for reference in references:
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found


def references_in(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        if isinstance(found.get("$ref"), str):
            yield found["$ref"]
        for inner in found.values():
            yield from references_in(inner)
    elif isinstance(found, list):
        for inner in found:
            yield from references_in(inner)


def test_every_message_has_examples_that_its_payload_admits(document: Json) -> None:
    for name, message in document["components"]["messages"].items():
        validator = jsonschema_rs.validator_for(
            message["payload"], validate_formats=True
        )
        assert message["summary"], name
        assert message.get("examples") or name == topics.REJECTED.name
        for example in message.get("examples", ()):
            validator.validate(example["payload"])


def test_a_rejection_as_the_registry_says_it_is_the_one_that_is_described() -> None:
    refused = Refused(
        refusal=Refusal((Fault("not_json", "", "not JSON"),)),
        place=Place(topics.STATE.name, "id of it", 3),
        offset=17,
        key=None,
        value=b"no fact",
    )
    said = orjson.loads(rejection(refused))

    jsonschema_rs.validator_for(asyncapi.REJECTION).validate(said)
    assert set(said) == set(asyncapi.REJECTION["required"])
