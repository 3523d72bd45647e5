"""A place in a JSON Schema document: a subschema with its RFC 6901 pointer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """A subschema where it stands in its document."""

    document: Document
    pointer: str
    schema: Any

    def at(self, *steps: str | int) -> "Place":
        """The place below this one. Raises KeyError or IndexError if there is none."""
        schema, pointer = self.schema, self.pointer
        for step in steps:
            schema = schema[step]
            pointer += f"/{escaped(str(step))}"
        return Place(self.document, pointer, schema)

    def target(self) -> "Place":
        """Where a local `$ref` leads. Raises ValueError for a reference elsewhere."""
        reference = self.schema["$ref"]
        if reference != "#" and not reference.startswith("#/"):
            raise ValueError(f"{self.pointer}: only references within the document")
        steps = [unescaped(step) for step in reference.split("/")[1:]]
        return root(self.document).at(*steps)

    @property
    def whole(self) -> Document:
        """The subschema as a document of its own, with the definitions it needs."""
        if isinstance(self.schema, bool):
            return {} if self.schema else {"not": {}}
        return {"$defs": self.document.get("$defs", {}), **self.schema}


def root(document: Document) -> Place:
    return Place(document, "", document)


def escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def unescaped(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


def resolves(document: Document, pointer: str) -> bool:
    """Whether the pointer leads to something in the document."""
    try:
        at_pointer(document, pointer)
    except (KeyError, IndexError, TypeError, ValueError):
        return False
    return True


def at_pointer(document: Any, pointer: str) -> Any:
    """What stands at a pointer. Raises KeyError, IndexError, TypeError, ValueError."""
    for step in map(unescaped, pointer.split("/")[1:]):
        document = document[int(step) if isinstance(document, list) else step]
    return document
