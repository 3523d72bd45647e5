"""Labels in bokmål of types and fields, for catalogue, pages and exports."""

from functools import cache

from ..rulesets import rows_of
from . import HERE


def label_of(word: str) -> str:
    """The label of a type or a field. Raises KeyError where nobody has given one."""
    return labels()[word]


@cache
def labels() -> dict[str, str]:
    return {row["word"]: row["nb"] for row in rows_of(HERE / "labels.csv")}
