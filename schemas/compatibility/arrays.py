"""Bounds on lists, and on sizes of any kind."""

from collections.abc import Iterator

from .alternatives import Alternative
from .places import Place


def refusals(said: Alternative, taken: Alternative) -> Iterator[tuple[str, str]]:
    """Lists that the writer's bounds allow and the reader's do not."""
    yield from size_refusals(said, taken, "Items")
    repeats = not said.get("uniqueItems") and said.get("maxItems", 2) > 1
    if taken.get("uniqueItems") and repeats:
        yield "uniqueItems", "writers may say a value twice, readers take it once"


def size_refusals(
    said: Alternative, taken: Alternative, what: str
) -> Iterator[tuple[str, str]]:
    """`minLength`, `maxItems` and their like; `what` is Length, Items, Properties."""
    low, takes_low = said.get(f"min{what}", 0), taken.get(f"min{what}", 0)
    if low < takes_low:
        yield f"min{what}", f"writers say at least {low}, readers take {takes_low}"
    high, takes_high = said.get(f"max{what}"), taken.get(f"max{what}")
    if takes_high is not None and (high is None or high > takes_high):
        yield f"max{what}", f"writers say up to {high or 'any'}, readers {takes_high}"


def items(said: Alternative, taken: Alternative) -> Iterator[tuple[Place, Place]]:
    """What stands at the same index: the first ones one by one, then the rest."""
    first = max(len(said.get("prefixItems", ())), len(taken.get("prefixItems", ())))
    most = said.get("maxItems")
    for index in range(first + 1):
        ours = item(said, index)
        if ours.schema is not False and (most is None or index < most):
            yield ours, item(taken, index)


def item(one: Alternative, index: int) -> Place:
    if index < len(one.get("prefixItems", ())):
        return one.below("prefixItems", index)
    if "items" in one.bounds:
        return one.below("items")
    return Place(one.place.document, one.place.pointer, True)
