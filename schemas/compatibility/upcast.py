"""How an older major version of a type is read: a pure function, next to its models.

    @upcast("initiative.lock.recorded", version=1)
    def lock_as_v2(said: LockRecorded) -> LockRecordedV2:
        return LockRecordedV2(key=said.key, ...)

It takes every `data` that the older version allows, says nothing that was not said,
and keeps the key, so that what stands is replaced as before. `majors` checks that.
"""

from collections.abc import Callable, Mapping, MutableMapping
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel

Old = TypeVar("Old", bound=BaseModel)
New = TypeVar("New", bound=BaseModel)
Function = Callable[[Any], BaseModel]
Upcasts = Mapping[tuple[str, int], Function]

DECLARED: MutableMapping[tuple[str, int], Function] = {}
UPCASTS: Upcasts = MappingProxyType(DECLARED)


def upcast(
    name: str,
    *,
    version: int,
    declared: MutableMapping[tuple[str, int], Function] = DECLARED,
) -> Callable[[Callable[[Old], New]], Callable[[Old], New]]:
    """Declare how `data` of that version is read as the next one.

    Raises ValueError if that version has an upcast already.
    """

    def declare(function: Callable[[Old], New]) -> Callable[[Old], New]:
        if (name, version) in declared:
            raise ValueError(f"{name}.v{version} has an upcast already")
        declared[name, version] = function
        return function

    return declare


def as_version(
    name: str, data: BaseModel, version: int, wanted: int, upcasts: Upcasts = UPCASTS
) -> BaseModel:
    """`data` of one version read as a later one, step by step.

    Raises KeyError where a step has no upcast.
    """
    for step in range(version, wanted):
        data = upcasts[name, step](data)
    return data
