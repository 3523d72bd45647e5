"""Made-up values of a schema, the same every time, with what stands at the edges.

Written without the rules of the gate, which is tried against them. A strategy only
proposes: who uses it asks a validator whether the schema allows the value.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from .places import Document, at_pointer

Strategy = st.SearchStrategy[Any]
# a size at the edge is made up to here; longer texts and lists only slow it down
LARGEST = 400
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner)
    ),
    max_leaves=4,
)


def try_values(schema: Document, tries: int, attempt: Callable[[Any], None]) -> None:
    """Call `attempt` with that many values; what it raises comes through."""
    repeatable = settings(
        max_examples=tries,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    repeatable(given(values(schema, schema))(attempt))()


def values(schema: Any, document: Document) -> Strategy:
    """Values that the schema may allow."""
    if isinstance(schema, bool):
        return ANY if schema else st.nothing()
    if "$ref" in schema:
        target = schema["$ref"].removeprefix("#")
        return st.deferred(lambda: values(at_pointer(document, target), document))
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    for keyword in ("anyOf", "oneOf", "allOf"):
        if keyword in schema:
            rest = {k: v for k, v in schema.items() if k != keyword}
            return st.one_of(
                [
                    values(rest | one if isinstance(one, dict) else one, document)
                    for one in schema[keyword]
                ]
            )
    kinds = schema.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not kinds:
        return ANY
    return st.one_of([of_kind(kind, schema, document) for kind in kinds])


def of_kind(kind: str, schema: Mapping[str, Any], document: Document) -> Strategy:
    if kind == "null":
        return st.none()
    if kind == "boolean":
        return st.booleans()
    if kind == "string":
        return texts(schema)
    if kind == "array":
        return lists(schema, document)
    if kind == "object":
        return objects(schema, document)
    return numbers(schema, whole=kind == "integer")


def texts(schema: Mapping[str, Any]) -> Strategy:
    if schema.get("format") == "date":
        return st.dates().map(str)
    if schema.get("format") == "date-time":
        return st.datetimes(timezones=st.just(UTC)).map(lambda one: one.isoformat())
    if "pattern" in schema:
        return st.from_regex(
            schema["pattern"], alphabet=st.characters(max_codepoint=383)
        )
    low, high = schema.get("minLength", 0), schema.get("maxLength")
    found = [st.text(min_size=low, max_size=high), st.just("x" * low)]
    found += [st.just("x" * high)] if high is not None and high <= LARGEST else []
    return st.one_of(found)


def numbers(schema: Mapping[str, Any], *, whole: bool) -> Strategy:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    edges = [one for one in (low, high) if one is not None] or [0]
    near = st.builds(lambda edge, step: edge + step, st.sampled_from(edges), NEAR)
    if "multipleOf" in schema:
        # a decimal step times a whole number, written as people would
        step = schema["multipleOf"]
        return st.integers(-50, 50).map(lambda times: round(times * step, 6))
    if whole:
        return near | st.integers()
    return near | near.map(lambda one: one + 0.5) | st.floats(allow_nan=False, width=32)


NEAR = st.integers(-3, 3)


def lists(schema: Mapping[str, Any], document: Document) -> Strategy:
    first = [values(one, document) for one in schema.get("prefixItems", ())]
    low, high = schema.get("minItems", 0), schema.get("maxItems")
    rest = values(schema.get("items", True), document)
    unique = as_text if schema.get("uniqueItems") else None
    least = max(low - len(first), 0)
    most = least + 4 if high is None else max(high - len(first), 0)
    sizes = {(least, min(most, least + 4))}
    sizes |= {(most, most)} if most <= LARGEST // 10 else set()
    tails = [
        st.lists(rest, min_size=a, max_size=b, unique_by=unique)
        for a, b in sorted(sizes)
    ]
    repeated = rest.map(lambda one: [one, one])
    if high is None or high >= 2:
        tails += [repeated] if not first and unique is None else []
    return st.builds(
        lambda head, tail: [*head, *tail], st.tuples(*first), st.one_of(tails)
    )


def objects(schema: Mapping[str, Any], document: Document) -> Strategy:
    fields = {
        name: values(one, document)
        for name, one in schema.get("properties", {}).items()
    }
    required = {name: fields.get(name, ANY) for name in schema.get("required", ())}
    optional = {name: one for name, one in fields.items() if name not in required}
    found = st.fixed_dictionaries(required, optional=optional)
    rest = schema.get("additionalProperties", True)
    if rest is False:
        return found
    # names that somebody might give, so that one of the other side's comes up
    names = st.text("abcdeflnorstuy", min_size=1, max_size=3) | st.sampled_from(WORDS)
    more = st.dictionaries(
        names,
        values(rest, document),
        min_size=schema.get("minProperties", 0),
        max_size=4,
    )
    return st.builds(lambda one, other: other | one, found, more)


WORDS = ("foo", "bar", "code", "street", "country", "note")


def as_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
