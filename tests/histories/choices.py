"""Choices made from bytes: one draw for a whole history, and it still shrinks.

Byte after byte decides; a choice of zeros is the first and the least, and where the
bytes have run out all that is left is that.
"""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
WORDS = ("blå", "grøn", "rød", "søknad")


class Draw(Protocol):
    """How hypothesis draws, inside a strategy or in the midst of a test."""

    def __call__(self, strategy: st.SearchStrategy[Any], /) -> Any: ...


class Choices:
    """What is chosen, one after another."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.used = 0

    def below(self, number: int) -> int:
        """A whole number from 0; `number` is at most 256."""
        self.used += 1
        return self.source[self.used - 1] % number if self.used <= len(self) else 0

    def __len__(self) -> int:
        return len(self.source)

    def pick(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def one_in(self, number: int) -> bool:
        """True once in so many times, and never of zeros."""
        return self.below(number) == number - 1

    def some(self, options: Sequence[T], at_most: int) -> list[T]:
        """Some of them, at least one and none twice, in the order of `options`."""
        wanted = {self.below(len(options)) for _ in range(1 + self.below(at_most))}
        return [options[place] for place in sorted(wanted)]

    def word(self) -> str:
        return self.pick(WORDS)

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """All of them, in another order; of zeros in the same."""
        left = list(options)
        return [left.pop(self.below(len(left))) for _ in options]


def choices(draw: Draw, number: int) -> Choices:
    """So many bytes, drawn at once."""
    return Choices(draw(st.binary(min_size=number, max_size=number)))
