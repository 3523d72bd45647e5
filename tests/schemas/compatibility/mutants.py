"""Every small change to a schema, at every place, with the verdict it must get."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from schemas.compatibility.forms import nodes
from schemas.compatibility.verdicts import Verdict

Node = dict[str, Any]
# changes a subschema in place; False where it does not apply
Edit = Callable[[Node], bool]


@dataclass(frozen=True)
class Mutant:
    """A schema with one change, and what the change does by its nature."""

    name: str
    schema: Node
    verdict: Verdict


def mutants(schema: Node) -> Iterator[Mutant]:
    for index, node in enumerate(nodes(schema)):
        for edit, verdict in EDITS:
            if edit(deepcopy(node)):
                changed = deepcopy(schema)
                edit(list(nodes(changed))[index])
                yield Mutant(f"{edit.__name__} at {index}", changed, verdict)


def one_required_no_more(node: Node) -> bool:
    if not node.get("required"):
        return False
    node["required"].pop()
    return True


def one_required_from_now(node: Node) -> bool:
    free = [one for one in node.get("properties", {}) if one not in required(node)]
    node["required"] = [*required(node), *free[:1]]
    return bool(free)


def a_new_required_name(node: Node) -> bool:
    if "properties" in node:
        node["properties"]["brand_new"] = {"type": "string"}
        node["required"] = [*required(node), "brand_new"]
    return "properties" in node


def a_new_optional_name(node: Node) -> bool:
    if "properties" in node:
        node["properties"]["brand_new"] = {"type": "string"}
    return "properties" in node


def an_optional_name_lost(node: Node) -> bool:
    free = [one for one in node.get("properties", {}) if one not in required(node)]
    for name in free[:1]:
        del node["properties"][name]
    return bool(free)


def a_word_fewer(node: Node) -> bool:
    return len(node.get("enum", ())) > 1 and bool(node["enum"].pop())


def a_word_more(node: Node) -> bool:
    if "enum" in node:
        node["enum"].append("brand_new")
    return "enum" in node


def larger(keyword: str, by: int) -> Edit:
    def edit(node: Node) -> bool:
        if keyword in node and not isinstance(node[keyword], dict):
            node[keyword] += by
        return keyword in node and not isinstance(node[keyword], dict)

    edit.__name__ = f"{keyword} {by:+d}"
    return edit


def without(keyword: str) -> Edit:
    def edit(node: Node) -> bool:
        return isinstance(node.get(keyword), str) and bool(node.pop(keyword))

    edit.__name__ = f"without {keyword}"
    return edit


def a_pattern_of_three_spaces(node: Node) -> bool:
    if isinstance(node.get("pattern"), str):
        node["pattern"] = "^ {3}$"
    return isinstance(node.get("pattern"), str)


def another_kind(node: Node) -> bool:
    if node.get("type") not in ("string", "integer", "number") or "const" in node:
        return False
    node.clear()
    node["type"] = "array"
    return True


def null_no_more(node: Node) -> bool:
    kept = [one for one in node.get("anyOf", ()) if one != {"type": "null"}]
    changed = len(kept) < len(node.get("anyOf", ()))
    if changed:
        node["anyOf"] = kept
    return changed


def required(node: Node) -> list[str]:
    return list(node.get("required", ()))


EDITS: list[tuple[Edit, Verdict]] = [
    (one_required_no_more, Verdict.FORWARD),
    (one_required_from_now, Verdict.BACKWARD),
    (a_new_required_name, Verdict.BACKWARD),
    (a_new_optional_name, Verdict.COMPATIBLE),
    (an_optional_name_lost, Verdict.MEANING),
    (a_word_fewer, Verdict.BACKWARD),
    (a_word_more, Verdict.COMPATIBLE),
    (larger("maxLength", -1), Verdict.BACKWARD),
    (larger("maxLength", 1), Verdict.FORWARD),
    (larger("minLength", 1), Verdict.BACKWARD),
    (larger("maxItems", -1), Verdict.BACKWARD),
    (larger("maxItems", 1), Verdict.FORWARD),
    (larger("minItems", 1), Verdict.BACKWARD),
    (larger("minimum", 1), Verdict.BACKWARD),
    (larger("minimum", -1), Verdict.FORWARD),
    (larger("maximum", -1), Verdict.BACKWARD),
    (larger("maximum", 1), Verdict.FORWARD),
    (without("pattern"), Verdict.FORWARD),
    (without("format"), Verdict.FORWARD),
    (a_pattern_of_three_spaces, Verdict.BOTH),
    (another_kind, Verdict.BOTH),
    (null_no_more, Verdict.BACKWARD),
]
