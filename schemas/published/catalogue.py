"""The catalogue page: each type, what it means, who says and reads it, an example."""

import json
from collections.abc import Iterator
from dataclasses import asdict

from ..names.labels import label_of
from ..types import TYPES, TYPES_OF, EventType, Group
from .examples import examples_of
from .meaning import first_sentence, paragraphs, read_by, replaces, said_by
from .shapes import Schema, inlined, writer

HEAD = """# Catalogue: what can be said

Made by `make schemas` from the type table; changes are made there. Labels are in
bokmål, as people see them. Schemas: closed ones for who writes
(`generated/<type>.json`), open ones for who reads (`generated/reader/<type>.json`);
whole events in `generated/events.json` and `generated/reader/events.json`; topics in
`generated/asyncapi.json`; HTTP in `services/<name>/openapi.json`.
"""
GROUPS: dict[Group, str] = {
    "owner": "What an owner says of its initiative",
    "other": "What other parties say",
    "party": "What any party says, for itself",
    "speaker": "What a speaker says of its own words",
    "line": "What a body says for its line in the joint arena",
    "arena": "What is done in the joint arena's name",
    "tracker": "What the tracker has observed",
}


def page() -> str:
    """The whole page, in Markdown."""
    parts = [HEAD, *contents()]
    for group, title in GROUPS.items():
        rows = [row for row in TYPES.values() if row.group == group]
        if rows:
            parts += [f"## {title}\n", *(entry(row) for row in rows)]
    return "\n".join(parts)


def contents() -> Iterator[str]:
    lines = [
        f"| [`{row.name}`](#{anchor(row)}) | {label_of(row.name)} "
        f"| {first_sentence(row)} |"
        for row in TYPES.values()
    ]
    yield "\n".join(["| type | på norsk | meaning |", "|---|---|---|", *lines]) + "\n"


def anchor(row: EventType) -> str:
    return f"{row.full_name.replace('.', '')}"


def entry(row: EventType) -> str:
    """One type: every column of its row in words, its fields, its examples."""
    texts = [" ".join(text.split()) for text in paragraphs(row)]
    return "\n\n".join(
        [
            f"### {row.full_name}",
            f"**{label_of(row.name)}.** " + "\n\n".join(texts),
            facts_of(row),
            fields_of(row),
            *examples_in(row),
            "",
        ]
    )


def facts_of(row: EventType) -> str:
    cells = {
        "said by": said_by(row),
        "may be read by": read_by(row),
        "visibility": ", ".join(row.visibilities) or "none: its recipients are given",
        "replaces": f"{replaces(row)} (`{row.family}`)",
        "counts in": row.counts_in,
        "changes": "; ".join(changes(row)),
    }
    return "\n".join(
        [
            "| | |",
            "|---|---|",
            *(f"| {name} | {text} |" for name, text in cells.items()),
        ]
    )


def changes(row: EventType) -> list[str]:
    """Since which rule set it can be said, and where its row was another."""
    before: EventType | None = None
    found = []
    for number, rows in sorted(TYPES_OF.items()):
        now = rows.get(row.full_name)
        if now is not None and before is None:
            found.append(f"since rule set {number}")
        elif now is not None and before is not None and asdict(now) != asdict(before):
            found.append(f"changed in rule set {number}")
        before = now or before
    return found


def fields_of(row: EventType) -> str:
    lines = ["| field of `data` | på norsk | form | |", "|---|---|---|---|"]
    lines += [
        f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
        for cells in field_rows(inlined(writer(row)))
    ]
    return "\n".join(lines)


def field_rows(schema: Schema, above: str = "") -> Iterator[tuple[str, ...]]:
    """A line for each field, and for those inside it."""
    required = schema.get("required", [])
    for name, found in schema.get("properties", {}).items():
        said = "required" if name in required else ""
        meaning = " ".join(str(found.get("description", "")).split())
        yield (
            f"`{above}{name}`",
            label_of(name),
            form_of(found),
            "; ".join(each for each in (said, meaning) if each),
        )
        inside = next((o for o in options(found) if "properties" in o), None)
        if inside is not None:
            yield from field_rows(inside, f"{above}{name}.")


def options(schema: Schema) -> list[Schema]:
    """What a field may be, besides null; of a list, its items."""
    found: list[Schema] = schema.get("anyOf", [schema])
    known = [each for each in found if each.get("type") != "null"]
    return [each.get("items", each) for each in known]


def form_of(schema: Schema) -> str:
    """A field's form in a few words."""
    choices = [form_of(each) for each in schema.get("anyOf", ())]
    if choices:
        return " or ".join(choices)
    if "const" in schema:
        return f"`{json.dumps(schema['const'], ensure_ascii=False)}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {form_of(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "any")


def examples_in(row: EventType) -> Iterator[str]:
    for name, event in examples_of(row):
        kind, _, what = name.partition("-")
        title = f"{kind.capitalize()} case" + (
            f": {what.replace('-', ' ')}" * bool(what)
        )
        text = json.dumps(event, indent=2, ensure_ascii=False)
        yield f"{title}\n\n```json\n{text}\n```"
