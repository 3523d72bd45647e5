"""Disagreements with their procedure, and the eight success factors by each line."""

from typing import Literal

from .arena import OfArena
from .identity import Subject
from .models import Gate, Key, Sentence, Text

Topic = Literal["cost", "funding", "prioritisation", "scope", "legal", "other"]
# Nav in Nordland's report of 2019, in its order
Factor = Literal[
    "shared_understanding",
    "political_anchoring",
    "anchoring_with_staff",
    "initiator",
    "support_to_process",
    "skilled_project_leaders",
    "clarified_frames",
    "user_participation",
]
Mark = Literal["met", "partly", "missing", "not_applicable"]


class DisagreementOpened(OfArena):
    """A line says what the lines disagree about, and how it is to be dealt with.

    (Guidance to the consultation scheme: a routine for disagreement on costs.)
    """

    key: Key
    topic: Topic
    text: Text
    procedure: Sentence


class DisagreementNarrowed(OfArena):
    """A line says what is still disagreed about."""

    key: Key
    text: Text


class DisagreementClosed(OfArena):
    """A line holds the disagreement to be over; it is once both have said so."""

    key: Key
    outcome: Text


class FactorAssessed(OfArena):
    """A line marks one of the eight success factors at a gate, with its evidence."""

    initiative: Subject
    gate: Gate
    factor: Factor
    mark: Mark
    evidence: Text
