"""Initiatives that belong together, and those one learnt of without being told."""

from typing import Literal

from pydantic import Field

from .identity import Subject
from .models import Data, Day, Language, Municipalities, Orgnr, Sentence, Text


class InitiativeDiscovered(Data):
    """An organisation has learnt of an initiative that its owner had not shared.

    It is an entry of the discoverer's own, under its own id, and shared by it like any
    other; the owner's own entry is found by `initiative.matched`.
    """

    title: Sentence = Field(description="What the initiative is called.")
    learnt_from: Sentence = Field(description="Where one learnt of it; never a person.")
    learnt: Day = Field(description="The day on which one learnt of it.")
    believed_owner: Orgnr | None = Field(
        default=None, description="The organisation that is thought to own it."
    )
    problem: Sentence | None = None
    summary: Text | None = None
    municipalities: Municipalities | None = None
    reference: Sentence | None = Field(
        default=None, description="Where it stands in a public list, if it does."
    )
    imported: Literal[True] | None = Field(
        default=None,
        description="True marks a row of a list, which nobody has written anew.",
    )
    language: Language | None = None
    synthetic: Literal[True] | None = Field(
        default=None,
        description="True marks a made-up initiative: demonstration or test.",
    )


class Tie(Data):
    """Names another initiative by its id."""

    counterpart: Subject = Field(
        alias="with", description="The id of the other initiative."
    )
    note: Sentence | None = None


class InitiativeJoined(Tie):
    """The owner says that this initiative and another are one undertaking.

    Where both owners say it, it shows as one case with two sides; each keeps its own
    record, and a grant opens the granter's side only.
    """


class InitiativeMatched(Tie):
    """The owner says that this entry and another are about the same initiative.

    Of an entry that was discovered and the owner's own; while one side alone says it,
    it is a claim.
    """
