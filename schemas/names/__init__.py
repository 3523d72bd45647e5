"""Names of organisations: for people to read, no part of any rule set."""

from functools import cache
from pathlib import Path

from ..rulesets import rows_of

HERE = Path(__file__).parent


def name_of(orgnr: str) -> str:
    """What the organisation is called; its number where no name is known."""
    return names().get(orgnr, orgnr)


@cache
def names() -> dict[str, str]:
    return {row["orgnr"]: row["name"] for row in rows_of(HERE / "organisations.csv")}
