"""Major versions of a type: each older one has an upcast, and it does what it must."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_type_hints

from pydantic import BaseModel, ValidationError

from ..types import EventType
from .forms import writer_form
from .made_up import try_values
from .upcast import Function, Upcasts

EXAMPLES = Path(__file__).parent.parent / "examples"
TRIES = 100
# the same on all majors, or an older fact would stand elsewhere than the newer
SHARED_COLUMNS = ("group", "family", "key", "readers")
# key rules that name no field of `data`
KEYLESS = ("single", "fields", "itself")
# what a pure function has no use for
IMPURE = frozenset(
    {
        "now",
        "utcnow",
        "today",
        "time",
        "monotonic",
        "random",
        "randint",
        "uuid4",
        "uuid7",
        "urandom",
        "token_bytes",
        "open",
        "environ",
        "getenv",
    }
)


class WrongResult(Exception):
    """What an upcast does wrong; ends the search for more."""


def faults(rows: Mapping[str, EventType], upcasts: Upcasts) -> Iterator[str]:
    """What is wrong with the majors of the types in `rows`, in words."""
    majors: dict[str, dict[int, EventType]] = {}
    for row in rows.values():
        majors.setdefault(row.name, {})[row.version] = row
    for name, versions in sorted(majors.items()):
        for version in sorted(versions):
            if version + 1 in versions:
                step = versions[version], versions[version + 1]
                yield from step_faults(*step, upcasts.get((name, version)))
            elif version < max(versions):
                yield f"{name}: .v{version} is followed by no .v{version + 1}"
    for name, version in upcasts:
        if not {version, version + 1} <= majors.get(name, {}).keys():
            yield f"{name}: an upcast from .v{version}, and not both majors"


def step_faults(
    old: EventType, new: EventType, function: Function | None
) -> Iterator[str]:
    """What is wrong with the step from one major to the next."""
    for column in SHARED_COLUMNS:
        if getattr(old, column) != getattr(new, column):
            yield f"{new.full_name}: `{column}` differs from {old.full_name}'s"
    if function is None:
        yield f"{old.full_name}: no upcast to .v{new.version}; declare one with @upcast"
        return
    hints = get_type_hints(function)
    result = hints.pop("return", None)
    if list(hints.values()) != [old.model] or result is not new.model:
        wanted = f"{old.model.__name__} -> {new.model.__name__}"
        yield f"{old.full_name}: its upcast is not {wanted}"
        return
    impure = IMPURE & {*function.__code__.co_names}
    if impure:
        yield f"{old.full_name}: its upcast uses {', '.join(sorted(impure))}; not pure"
    yield from wrong_results(old, new, function)


def wrong_results(old: EventType, new: EventType, function: Function) -> Iterator[str]:
    """The first thing that the upcast does wrong, over examples and made-up `data`."""

    def try_it(data: object) -> None:
        try:
            said = old.model.model_validate_json(json.dumps(data))
        except ValidationError:
            return
        fault = wrong_result(said, new, function)
        if fault is not None:
            raise WrongResult(f"{old.full_name}: its upcast {fault}")

    try:
        for path in sorted((EXAMPLES / old.name).glob("*.json")):
            try_it(json.loads(path.read_text("utf-8"))["data"])
        try_values(writer_form(old.model.model_json_schema()), TRIES, try_it)
    except WrongResult as wrong:
        yield str(wrong)


def wrong_result(said: BaseModel, new: EventType, function: Function) -> str | None:
    """What is wrong with one result: it fails, varies, does not fit, moves the key."""
    try:
        read = function(said)
        text = read.model_dump_json(exclude_unset=True, by_alias=True)
        new.model.model_validate_json(text)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is not total
        return f"fails on {said!r:.200}: {type(error).__name__}"
    if read != function(said):
        return "says another thing when asked again"
    if new.key not in KEYLESS and getattr(said, new.key) != getattr(read, new.key):
        return f"changes `{new.key}`, so that an older fact stands elsewhere"
    return None
