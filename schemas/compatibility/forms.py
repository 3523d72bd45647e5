"""The two published forms of a type: what writers may say, what readers must take."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from .places import Document

DIALECT = "https://json-schema.org/draft/2020-12/schema"
KNOWN = "x-known-values"
UNKNOWN_READS_AS = "x-unknown-reads-as"
FALLBACK = "unknown"
# on a list of words that readers may not take with the fallback
READ_EXACTLY = "x-read-exactly"


def writer_form(schema: Document) -> dict[str, Any]:
    """Closed: an object with properties says these names and no other."""
    closed = with_dialect(schema)
    for node in nodes(closed):
        if "properties" in node:
            node.setdefault("additionalProperties", False)
    return closed


def reader_form(schema: Document) -> dict[str, Any]:
    """Open: unknown names are ignored, unknown words read as `unknown`.

    A list of words stays exact with `x-read-exactly`, and where it tells the variants
    of a union apart. A value that is no word (number, boolean) has no fallback.
    """
    opened = with_dialect(schema)
    apart = discriminators(opened)
    for node in list(nodes(opened)):
        if node.get("additionalProperties") is False:
            del node["additionalProperties"]
        for name, field in node.get("properties", {}).items():
            if name in apart:
                for inner in nodes(field):
                    inner[READ_EXACTLY] = True
    for node in list(nodes(opened)):
        if is_list_of_words(node):
            node[KNOWN] = node.pop("enum")
            node[UNKNOWN_READS_AS] = FALLBACK
            node["type"] = "string"
    for node in nodes(opened):
        if "enum" not in node:
            node.pop(READ_EXACTLY, None)
    return opened


def knowing_reader(reader: Document) -> dict[str, Any]:
    """The reader form without the fallback: it is for words yet to come.

    What was said must not turn into `unknown`, so facts of an earlier release are
    judged against the words that today's readers know.
    """
    knowing = deepcopy(dict(reader))
    for node in nodes(knowing):
        if KNOWN in node:
            node["enum"] = node.pop(KNOWN)
            del node[UNKNOWN_READS_AS]
    return knowing


def is_list_of_words(node: dict[str, Any]) -> bool:
    words = node.get("enum", ())
    return (
        len(words) > 1
        and all(isinstance(word, str) for word in words)
        and not node.get(READ_EXACTLY)
    )


def discriminators(schema: Document) -> frozenset[str]:
    """Names of the properties by which the variants of a union are told apart."""
    found = (node.get("discriminator") for node in nodes(schema))
    return frozenset(one["propertyName"] for one in found if isinstance(one, dict))


def with_dialect(schema: Document) -> dict[str, Any]:
    return {"$schema": DIALECT, **deepcopy(dict(schema))}


def without_texts(schema: Any) -> Any:
    """A document without titles and descriptions: they may be worded better."""
    if isinstance(schema, list):
        return [without_texts(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: without_texts(inner)
        for name, inner in schema.items()
        if not (name in ("title", "description") and isinstance(inner, str))
    }


# keywords whose value is a subschema, a list of them, or a mapping to them
ONE = (
    "items",
    "additionalProperties",
    "contains",
    "not",
    "if",
    "then",
    "else",
    "propertyNames",
)
SEVERAL = ("anyOf", "oneOf", "allOf", "prefixItems")
NAMED = ("properties", "$defs", "patternProperties", "dependentSchemas")


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Every subschema, outermost first; what `enum` or `default` holds is none."""
    if not isinstance(schema, dict):
        return
    yield schema
    for keyword in ONE:
        yield from nodes(schema.get(keyword))
    for keyword in SEVERAL:
        for inner in schema.get(keyword, ()):
            yield from nodes(inner)
    for keyword in NAMED:
        for inner in schema.get(keyword, {}).values():
            yield from nodes(inner)
