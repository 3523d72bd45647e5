"""Whether every text that one pattern takes is taken by another.

Patterns are turned into finite automata (`interegular`), so the answer is exact where
there is one. JSON Schema searches: a pattern without anchors may match anywhere.
"""

from functools import cache

from interegular import parse_pattern
from interegular.fsm import FSM

ANYTHING = r"[\s\S]*"


class NotRegular(Exception):
    """A pattern with anchors inside, or with what no automaton has."""


def within(pattern: str, other: str) -> bool:
    """Whether `other` matches every text that `pattern` matches.

    Raises NotRegular where that cannot be decided.
    """
    ours, theirs = automaton(pattern), automaton(other)
    return bool(ours.difference(theirs).empty())  # type: ignore[no-untyped-call]


@cache
def automaton(pattern: str) -> FSM:
    try:
        return parse_pattern("|".join(map(whole, branches(pattern)))).to_fsm()
    except Exception as error:
        raise NotRegular(pattern) from error


def whole(branch: str) -> str:
    """A branch that matches the whole text where the original would find it."""
    head, tail = ANYTHING, ANYTHING
    if branch.startswith("^"):
        head, branch = "", branch[1:]
    if branch.endswith("$") and not branch.endswith("\\$"):
        tail, branch = "", branch[:-1]
    if any(sign in "^$" for sign, _ in signs(branch)) or "\\b" in branch:
        raise NotRegular(branch)
    return f"{head}({branch}){tail}"


def branches(pattern: str) -> list[str]:
    """The alternatives at the outermost level: an anchor belongs to one of them."""
    found, start, depth = [], 0, 0
    for sign, index in signs(pattern):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "|" and depth == 0:
            found.append(pattern[start:index])
            start = index + 1
    return [*found, pattern[start:]]


def signs(pattern: str) -> list[tuple[str, int]]:
    """The signs that mean something: neither escaped nor within brackets."""
    found, bracketed, skip = [], False, False
    for index, sign in enumerate(pattern):
        if skip:
            skip = False
        elif sign == "\\":
            skip = True
        elif bracketed:
            bracketed = sign != "]"
        elif sign == "[":
            bracketed = True
        else:
            found.append((sign, index))
    return found
