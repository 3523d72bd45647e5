"""Mistakes put right: a speaker corrects, or takes back, what it has said."""

from typing import Any

import orjson

from schemas.fact import Fact
from schemas.identity import Ref

from .choices import Choices
from .owners import DAYS, KEYS
from .story import OPEN, Story, ref_json
from .telling import Data

TEXTS = ("title", "text", "reason", "method", "reader_role", "cause", "progress")


def corrected(of: Choices, story: Story) -> None:
    """The fact, one before it, or one that nobody has said; the type may be wrong."""
    facts = story.said_by_parties
    if not facts:
        return
    fact = of.pick(facts[-10:])
    ref = Ref(fact.source, "never-said") if of.one_in(10) else fact.ref
    name = fact.type.name
    if of.one_in(3):
        wrong = "initiative.paused" if of.one_in(6) else name
        data: Data = {"fact": ref_json(ref), "type": wrong, "reason": of.word()}
        story.says(of, fact.speaker, "fact.withdrawn", data, OPEN)
        return
    data = {"fact": ref_json(ref), "type": name, "data": put_right(of, fact)}
    if name != "initiative.paused" and of.one_in(6):
        data |= {"type": "initiative.paused", "data": {"reason": of.word()}}
    story.says(of, fact.speaker, "fact.corrected", data, OPEN)


def put_right(of: Choices, fact: Fact) -> Any:
    """The same words with some of them changed: texts, days and the key itself."""
    data = orjson.loads(fact.data_bytes)
    inner = data.get("changes", data)
    for name in TEXTS:
        if name in inner:
            inner[name] = of.word()
    if "date" in inner and inner["date"] is not None:
        inner["date"] = of.pick(DAYS)
    if fact.type.key == "key" and of.one_in(3):
        inner["key"] = of.pick(KEYS)
    if fact.type.family == "description" and of.one_in(3):
        inner["summary"] = of.word()
    return data
