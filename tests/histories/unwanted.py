"""What takes no effect: refused for a reason that is known, or said before."""

from datetime import timedelta

import orjson

from schemas.fact import Fact
from schemas.rulesets import NEWEST, ruleset

from .choices import Choices
from .story import Story, ref_json
from .telling import Data, Told, home_of

THREE = {"title": "hemmeleg", "problem": "p", "contact_role": "r"}


def again(of: Choices, story: Story) -> None:
    """The same identity: with the same words, or (refused) with others."""
    speakers = story.cast.speakers
    said = [told for told in story.teller.told if told.fact.speaker in speakers]
    if not said:
        return
    told = of.pick(said)
    event, data = parts_of(told)
    reason = ""
    if of.one_in(2):
        reason, event["time"] = "id_reused", "2026-01-01T00:00:00Z"
    value = story.teller.stamped(event, data)
    story.teller.put_unwanted(reason, told.topic, value)


def parts_of(told: Told) -> tuple[Data, bytes]:
    """What the speaker said: its attributes, and the bytes of `data`."""
    added = ("partyline", "acceptedtime", "agreementid", "ruleset")
    kept = {
        name: value
        for name, value in told.fact.attributes.items()
        if name not in (*added, "datasalt", "datahash")
    }
    return kept, told.fact.data_bytes


def observed_again(of: Choices, story: Story) -> None:
    """Said twice by the tracker: dropped, whatever its content."""
    said = [told for told in story.teller.told if told.fact.type.group == "tracker"]
    if not said:
        return
    told = of.pick(said)
    event, data = parts_of(told)
    event["time"] = (told.fact.time + timedelta(minutes=1)).isoformat()
    value = orjson.loads(told.value) | event
    value["data"] = orjson.loads(data)
    story.teller.put_unwanted("", told.topic, orjson.dumps(value))


def refused(of: Choices, story: Story) -> None:
    """What the contract does not allow, by one who speaks out of turn or in it."""
    of.pick(REFUSALS)(of, story)


def not_the_owner(of: Choices, story: Story) -> None:
    refuse(story, "not_the_owner", of.pick(story.others), "initiative.registered")


def owner_may_not(_: Choices, story: Story) -> None:
    data = {"key": "k1", "position": "neutral", "text": "t"}
    refuse(story, "owner_may_not", story.owner, "response.submitted", data)


def nobody(_: Choices, story: Story) -> None:
    data = {"reader_role": "hemmeleg"}
    name = "initiative.acknowledged"
    refuse(story, "unknown_speaker", story.cast.stranger, name, data)


def without_line(_: Choices, story: Story) -> None:
    data = {"reader_role": "hemmeleg"}
    refuse(story, "no_line", story.cast.reads_only, "initiative.acknowledged", data)


def past_its_time(of: Choices, story: Story) -> None:
    """By an organisation that is in force on the first day alone: that day's word."""
    past, teller = story.cast.past, story.teller
    if past is None:
        return
    name, data = "initiative.acknowledged", {"reader_role": of.word()}
    if ruleset(NEWEST).valid_at(past, teller.now):
        story.says(of, past, name, data)
    else:
        refuse(story, "not_valid", past, name, data)


def half_hidden(of: Choices, story: Story) -> None:
    """What all sides compute on is never for oneself, nor is what puts it right."""
    lock = {"key": "k1", "kind": "contract", "date": "2026-04-01"}
    said: list[tuple[str, str, Data]] = [
        (story.owner, "initiative.lock.recorded", lock),
        (story.owner, "initiative.stopped", {"reason": "r"}),
    ]
    said += [(f.speaker, *own_correction(f)) for f in story.said_by_parties[-4:]]
    speaker, name, data = of.pick(said)
    refuse(story, "visibility", speaker, name, data, visibility="own")


def own_correction(fact: Fact) -> tuple[str, Data]:
    data = orjson.loads(fact.data_bytes)
    about = {"fact": ref_json(fact.ref), "type": fact.type.name}
    return "fact.corrected", {**about, "data": data}


def anothers_fact(of: Choices, story: Story) -> None:
    """Nobody corrects what another has said."""
    facts = story.said_by_parties
    if facts:
        fact = of.pick(facts[-4:])
        speaker = next(s for s in story.cast.speakers if s != fact.speaker)
        data = {"fact": ref_json(fact.ref), "type": fact.type.name, "reason": "r"}
        refuse(story, "not_the_speaker", speaker, "fact.withdrawn", data)


def ended_by_correction(_: Choices, story: Story) -> None:
    """A grant is ended, never corrected or withdrawn."""
    grant = ref_json(story.grants[-1])
    data = {"fact": grant, "type": "initiative.shared", "reason": "r"}
    refuse(story, "type", story.owner, "fact.withdrawn", data)


def mended(of: Choices, story: Story) -> None:
    """Refused at first; said right, under the same identity, it is a fact."""
    same = f"rett-{len(story.teller.unwanted)}"
    changes = {"title": of.word()}
    data = {"changes": changes, "unknown": "hemmeleg"}
    name = "initiative.amended"
    refuse(story, "extra_forbidden", story.owner, name, data, id=same)
    story.says(of, story.owner, name, {"changes": changes}, id=same)


REFUSALS = (
    not_the_owner,
    owner_may_not,
    nobody,
    without_line,
    past_its_time,
    past_its_time,
    half_hidden,
    anothers_fact,
    ended_by_correction,
    mended,
)


def refuse(
    story: Story,
    reason: str,
    speaker: str,
    name: str,
    data: Data | None = None,
    **attributes: str,
) -> None:
    """A record as an intake that does not judge would have written it."""
    teller = story.teller
    attributes = {"id": f"nei-{len(teller.unwanted)}", **attributes}
    event = teller.event(speaker, name, **attributes)
    value = teller.stamped(event, orjson.dumps(data or THREE))
    teller.put_unwanted(reason, home_of(speaker), value)
