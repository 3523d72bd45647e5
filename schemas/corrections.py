"""Mistakes: a speaker corrects or withdraws what it has said itself."""

from typing import Any

from pydantic import Field

from .models import Naming, Sentence


class Correction(Naming):
    """Names a fact of the same speaker."""


class FactCorrected(Correction):
    """The speaker puts a fact right: this `data` takes the place of what it had said.

    It stands where the fact stood, so what was said later still stands above it; of
    several corrections the last counts. Grants, ends and corrections cannot be named.
    """

    data: dict[str, Any] = Field(description="All of the fact's `data`, put right.")
    reason: Sentence | None = None


class FactWithdrawn(Correction):
    """The speaker takes a fact back, for good; it stays in the history.

    Grants, ends and corrections cannot be named.
    """

    reason: Sentence
