"""What a type's row says besides its schema, and the checks that no schema shows."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from ..types import EventType
from .places import escaped
from .verdicts import Change, Verdict, verdict_of

IDENTITY = ("name", "version", "model")
CHECKS = "checks"
BOUNDS = ("ge", "gt", "le", "lt")


def columns(row: EventType) -> dict[str, Any]:
    """A row of the type table as data, with the checks that live in code alone."""
    found = {k: v for k, v in asdict(row).items() if k not in IDENTITY}
    found["visibilities"] = list(row.visibilities)
    return {**found, CHECKS: checks_of(row.model)}


def checks_of(model: type[BaseModel]) -> dict[str, list[str]]:
    """Checks by their place in `data`: validators by name, bounds on days."""
    found: dict[str, list[str]] = {}
    for path, check in model_checks(model, ""):
        if check not in found.setdefault(path, []):
            found[path].append(check)
    return {path: sorted(found[path]) for path in sorted(found)}


def model_checks(model: type[BaseModel], path: str) -> Iterator[tuple[str, str]]:
    decorators = model.__pydantic_decorators__
    for name in decorators.model_validators:
        yield path, name
    for name, decorator in decorators.field_validators.items():
        yield from ((f"{path}/{field}", name) for field in decorator.info.fields)
    for name, info in model.model_fields.items():
        for held in info.metadata:
            yield from ((f"{path}/{name}", check) for check in hidden(held))
        yield from annotation_checks(info.annotation, f"{path}/{name}")


def annotation_checks(annotation: Any, path: str) -> Iterator[tuple[str, str]]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        for held in arguments[1:]:
            yield from ((path, check) for check in hidden(held))
        yield from annotation_checks(arguments[0], path)
    elif origin in (Union, UnionType):
        for inner in arguments:
            yield from annotation_checks(inner, path)
    elif origin in (tuple, list, set, frozenset):
        for inner in arguments:
            yield from annotation_checks(inner, f"{path}/*")
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from model_checks(annotation, path)


def hidden(held: Any) -> Iterator[str]:
    """What a piece of metadata checks and JSON Schema does not say."""
    for inner in getattr(held, "metadata", ()):
        yield from hidden(inner)
    function = getattr(held, "func", None)
    if callable(function):
        yield function.__name__
    for bound in BOUNDS:
        limit = getattr(held, bound, None)
        if isinstance(limit, date):
            yield f"{bound} {limit.isoformat()}"


def row_changes(
    name: str, released: Mapping[str, Any], current: Mapping[str, Any]
) -> list[Change]:
    """What changed in a type's row since a release."""
    found: list[Change] = []
    for column in sorted(released.keys() | current.keys()):
        was, now = released.get(column), current.get(column)
        pointer = f"/{escaped(name)}/{column}"
        if column == CHECKS:
            found += check_changes(pointer, was or {}, now or {})
        elif was != now:
            found.append(column_change(pointer, column, was, now))
    return found


def column_change(pointer: str, column: str, was: Any, now: Any) -> Change:
    """Who may say or read it, what it replaces, which figure it counts in."""
    verdict, detail = Verdict.MEANING, f"{column}: {was} → {now}"
    if column == "visibilities" and set(was or ()) - set(now or ()):
        verdict = Verdict.BACKWARD
    return Change(pointer, verdict, (column,), (detail,), "table")


def check_changes(
    pointer: str, was: Mapping[str, list[str]], now: Mapping[str, list[str]]
) -> Iterator[Change]:
    for path in sorted(was.keys() | now.keys()):
        before, after = set(was.get(path, ())), set(now.get(path, ()))
        verdict = verdict_of(
            backward=any(not implied(one, before) for one in after),
            forward=any(not implied(one, after) for one in before),
            meaning=False,
        )
        if verdict is not Verdict.COMPATIBLE:
            detail = f"checked in code: {listed(before)} → {listed(after)}"
            where = f"{pointer}/{escaped(path)}"
            yield Change(where, verdict, ("check",), (detail,), "table")


def listed(checks: set[str]) -> str:
    return ", ".join(sorted(checks)) or "nothing"


def implied(check: str, others: set[str]) -> bool:
    """Whether the others have this check, or a bound on a day that is tighter."""
    kind, _, limit = check.partition(" ")
    if kind not in BOUNDS:
        return check in others
    same_side = [one.partition(" ")[2] for one in others if one.startswith(f"{kind} ")]
    return any(
        limit <= other if kind in ("ge", "gt") else limit >= other
        for other in same_side
    )
