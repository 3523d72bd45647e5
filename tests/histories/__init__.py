"""Histories of one initiative, made up: what anybody could say, in any order.

A history is what lies on Kafka in the order of its append times; `interleaved` reads
the topics in another order that keeps each topic's own, `cut` in batches cut anywhere.
"""

from .cast import CHANNELS, READERS, REAL, SPEAKERS, Cast
from .choices import Choices, Draw, choices
from .drawn import UNWANTED, histories, told_by, told_of
from .reading import cut, in_batches, in_turns, interleaved, named_in
from .story import OPEN, Story, story_of
from .telling import BEGIN, RULES, Lying, Teller, Told, Unwanted

__all__ = [
    "BEGIN",
    "CHANNELS",
    "OPEN",
    "READERS",
    "REAL",
    "RULES",
    "SPEAKERS",
    "UNWANTED",
    "Cast",
    "Choices",
    "Draw",
    "Lying",
    "Story",
    "Teller",
    "Told",
    "Unwanted",
    "choices",
    "cut",
    "histories",
    "in_batches",
    "in_turns",
    "interleaved",
    "named_in",
    "story_of",
    "told_by",
    "told_of",
]
