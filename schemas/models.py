"""What the models of `data` share: closed, frozen, bounded texts."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from .identity import FactId, PartySource

Sentence = Annotated[
    str, StringConstraints(min_length=1, max_length=300, pattern=r"\S")
]
Text = Annotated[str, StringConstraints(min_length=1, max_length=8000, pattern=r"\S")]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
MunicipalityCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]
Orgnr = Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$")]
Language = Literal["nb", "nn"]
# whole Norwegian kroner
Kroner = Annotated[int, Field(ge=0, le=10**13)]
Year = Annotated[int, Field(ge=1990, le=2200)]
TypeName = Annotated[str, StringConstraints(pattern=r"^[a-z]+(\.[a-z]+){1,3}$")]
# Prosjektveiviseren's decision points, BP1 start concept to BP6 confirm effects
Gate = Literal["BP1", "BP2", "BP3", "BP4", "BP5", "BP6"]
# the eight decisions that an initiative may still have open when it is shared
Decision = Literal[
    "need",
    "concept",
    "supplier",
    "funding_split",
    "architecture",
    "legal_basis",
    "timeline",
    "rollout_order",
]


def all_different(values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a list that says the same thing twice."""
    if len(set(values)) != len(values):
        raise ValueError("the same value stands twice; say each once")
    return values


Decisions = Annotated[tuple[Decision, ...], AfterValidator(all_different)]
Municipalities = Annotated[
    tuple[MunicipalityCode, ...],
    Field(min_length=1, max_length=400),
    AfterValidator(all_different),
]
# a calendar day in Europe/Oslo; the bounds only stop slips of the pen
Day = Annotated[date, Field(ge=date(1990, 1, 1), le=date(2200, 1, 1))]


class Data(BaseModel):
    """A closed, frozen piece of `data`: an unknown field is refused, not lost."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class FactRef(Data):
    """A fact of the same initiative, by who said it and under which id."""

    source: PartySource
    id: FactId


class TypedFactRef(FactRef):
    """The same, with its type (without prefix and version)."""

    type: TypeName


class Naming(Data):
    """What is about another fact: which, and its type (without prefix and version)."""

    fact: FactRef
    type: TypeName


def field_of(data: BaseModel, name: str) -> Any:
    """A field of a model, or None where it has none of that name.

    What a model lacks costs `getattr` many times what it costs to look in here.
    """
    return vars(data).get(name)
