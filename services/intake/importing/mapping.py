"""A mapping: how a list's columns become what is said of an initiative."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from schemas.models import Day
from schemas.ties import InitiativeDiscovered

# `imported` is the importer's own word
FIELDS = frozenset(InitiativeDiscovered.model_fields) - {"imported"}
NEEDED = ("title", "learnt_from")
LARGEST = 256 * 1024

ListName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,19}$")]
Column = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class WrongMapping(Exception):
    """The mapping cannot be used; the text says what to mend."""


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class InColumn(Closed):
    """The field's value stands in a column; with `separator` there may be several."""

    column: Column
    separator: str | None = Field(None, min_length=1)


class Constant(Closed):
    """The field has the same value in every row."""

    constant: str | bool | tuple[str, ...]


class LeftOut(Closed):
    """Rows that are not imported: one of the column's values is one of `any_of`."""

    column: Column
    any_of: tuple[str, ...] = Field(min_length=1)
    separator: str | None = Field(None, min_length=1)
    because: str = Field(min_length=1)


class Mapping(Closed):
    """How one list is read. `list` names it in every id, so it is never changed.

    `key` is the column that tells rows apart for ever; a field is a column's name, a
    column with a separator, or a constant.
    """

    list: ListName
    key: Column
    fields: dict[str, Column | InColumn | Constant]
    leave_out: tuple[LeftOut, ...] = ()
    delimiter: Literal[";", ",", "\t"] | None = None

    @model_validator(mode="after")
    def say_what_is_needed(self) -> Self:
        if unknown := sorted(self.fields.keys() - FIELDS):
            known = ", ".join(sorted(FIELDS))
            raise ValueError(f"no field is called {unknown[0]}; there are: {known}")
        if missing := [name for name in NEEDED if name not in self.fields]:
            raise ValueError(f"`fields` lacks {' and '.join(missing)}")
        return self

    @property
    def columns(self) -> frozenset[str]:
        """Every column that is asked for."""
        fields = (self.rule(name) for name in self.fields)
        return frozenset(
            {self.key}
            | {each.column for each in fields if isinstance(each, InColumn)}
            | {each.column for each in self.leave_out}
        )

    def rule(self, name: str) -> InColumn | Constant:
        found = self.fields[name]
        return InColumn(column=found) if isinstance(found, str) else found

    def learnt_on(self, day: Day) -> "Mapping":
        """The same, with the day on which one learnt of what is new."""
        learnt = Constant(constant=day.isoformat())
        return self.model_copy(update={"fields": {**self.fields, "learnt": learnt}})

    @property
    def learnt_is_constant(self) -> bool:
        return isinstance(self.rule("learnt"), Constant)


def read_mapping(path: Path, learnt: Day | None = None) -> Mapping:
    """The mapping in a JSON file. Raises `WrongMapping`, or OSError."""
    text = path.read_bytes()
    if len(text) > LARGEST:
        raise WrongMapping(f"{path}: a mapping is at most {LARGEST} bytes")
    try:
        found = Mapping.model_validate_json(text)
    except ValidationError as error:
        raise WrongMapping(f"{path}: {in_words(error)}") from None
    if learnt is not None:
        return found.learnt_on(learnt)
    if "learnt" not in found.fields:
        raise WrongMapping(
            f"{path}: say on which day one learnt of the rows: `learnt` in `fields`, "
            "or --learnt; not the day of import, which is another each time"
        )
    return found


def in_words(error: ValidationError) -> str:
    """Each fault with its place; a union's branches are one fault."""
    lines: dict[str, str] = {}
    for each in error.errors(include_url=False, include_input=False):
        steps = [str(step) for step in each["loc"]]
        place = ".".join(steps[:2] if steps[:1] == ["fields"] else steps)
        lines.setdefault(place, each["msg"].removeprefix("Value error, "))
    return "; ".join(
        f"{place}: {said}" if place else said for place, said in lines.items()
    )
