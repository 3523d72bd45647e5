"""The two JSON Schemas of a type's `data`: a writer's is closed, a reader's open.

Who writes keeps to the fields of today; who reads skips those of tomorrow. So a field
can be added without a new version, and a slip of the pen is still refused.
"""

from typing import Any

from ..compatibility.forms import reader_form, with_dialect
from ..types import EventType

Schema = dict[str, Any]
DEFINITIONS = "#/$defs/"


def writer(row: EventType) -> Schema:
    """What an emitter keeps to; checks across fields are in the descriptions."""
    return with_dialect(row.model.model_json_schema())


def reader(row: EventType) -> Schema:
    """What a reader can count on: other fields and new words may come."""
    return reader_form(writer(row))


def inlined(schema: Schema) -> Schema:
    """The same schema by itself: what it refers to stands where it is used.

    So it can be put inside another document, where `#` is that document's root.
    """
    definitions = schema.get("$defs", {})
    without = {k: v for k, v in schema.items() if k not in ("$defs", "$schema")}
    found: Schema = put_in(without, definitions)
    return found


def put_in(schema: Any, definitions: Schema) -> Any:
    if isinstance(schema, list):
        return [put_in(inner, definitions) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str):
        named = definitions[reference.removeprefix(DEFINITIONS)]
        beside = {k: v for k, v in schema.items() if k != "$ref"}
        return put_in({**named, **beside}, definitions)
    return {name: put_in(inner, definitions) for name, inner in schema.items()}
