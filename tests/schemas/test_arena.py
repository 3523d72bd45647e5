"""The arena's facts: who says them, of which item, who may read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from schemas.admission import admit, faults_of
from schemas.arena_policy import access, channels_for, may_read_in_arena
from schemas.channels import organisation
from schemas.envelope import read
from schemas.fact import Fact, Refusal
from schemas.identity import Ref
from schemas.policy import ANYBODY, Grant, Reader, reader_for
from schemas.rulesets import NEWEST, ruleset
from schemas.topics import ARENA, TRACKER
from schemas.types import TYPES, ReaderRule

from .said import AID, DIGDIR, KS, NARVIK, NAV, example, fact, stamped
from .test_admission import judged
from .test_who_says_what import ARENAS, LINES, OBSERVED_IN_THE_ARENA

OF_ARENA = sorted(LINES | ARENAS | OBSERVED_IN_THE_ARENA)
INITIATIVE, JOINED = f"{NAV}:k7v2qd9x", f"{KS}:felles-innbyggerside"


@pytest.mark.parametrize("name", OF_ARENA)
@pytest.mark.parametrize("number", [1, 2])
def test_older_rule_sets_do_not_know_them(name: str, number: int) -> None:
    verdict = judged(example(name), ruleset=number)

    assert isinstance(verdict, Refusal)


@pytest.mark.parametrize("name", OF_ARENA)
def test_what_the_tracker_observes_lies_with_the_rest_of_it(name: str) -> None:
    event = example(name)
    home = TRACKER if name in OBSERVED_IN_THE_ARENA else ARENA
    key = event["subject"].encode()
    away = ARENA if home is TRACKER else TRACKER

    assert isinstance(admit(stamped(event), (), home.name, key), Fact)
    assert isinstance(admit(stamped(event), (), away.name, key), Refusal)


@pytest.mark.parametrize("name", sorted(ARENAS))
def test_nobody_says_alone_what_is_done_in_the_arenas_name(name: str) -> None:
    for source in (f"urn:orgnr:{KS}:arena", "urn:tidlig:delivery"):
        verdict = judged(example(name) | {"source": source})

        assert isinstance(verdict, Refusal)
        assert "source" in {fault.code for fault in verdict.faults}


@pytest.mark.parametrize("name", sorted(LINES))
def test_a_line_is_not_spoken_for_by_consultation(name: str) -> None:
    verdict = judged(example(name) | {"source": "urn:tidlig:consultation"})

    assert isinstance(verdict, Refusal)
    assert verdict.reason == "unknown_speaker"


@pytest.mark.parametrize("name", sorted(LINES - {"decision.taken"}))
def test_who_has_no_mandate_on_the_day_says_nothing(name: str) -> None:
    event = example(name)
    line = event["actor"].split(":")[0]
    other = {"state": DIGDIR, "municipal": NARVIK}[line]
    before = datetime(2022, 12, 31, tzinfo=UTC)

    stranger = judged(event | {"source": f"urn:orgnr:{other}:arena"})
    too_early = judged(event, accepted=before, agreement="outside_agreement")

    for verdict in (stranger, too_early):
        assert isinstance(verdict, Refusal)
        assert {fault.code for fault in verdict.faults} == {"mandate"}


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("arena.item.proposed", {"subject": INITIATIVE}, "subject"),
        ("arena.item.proposed", {"subject": "meeting:nav:2-26"}, "subject"),
        ("arena.meeting.held", {"subject": "item:nav:3-26"}, "subject"),
        ("arena.item.proposed", {"subject": "item:annen:3-26"}, "arena"),
        ("arena.item.proposed", {"actor": "state:member:x y"}, "actor"),
        ("arena.item.proposed", {"actor": "municipal:member:h2f8"}, "actor"),
        ("arena.item.prepared", {"actor": "state:member:b7n4"}, "actor"),
        ("arena.item.proposed", {"audience": "arena public"}, "audience"),
        ("advice.issued", {"audience": "municipal state"}, "audience"),
        ("advice.issued", {"audience": "state arena"}, "audience"),
        ("advice.issued", {"audience": "arena everybody"}, "unknown_channel"),
        ("advice.issued", {"audience": "arena org:923609016"}, "unknown_organisation"),
        ("advice.issued", {"visibility": "public"}, "visibility"),
        ("advice.issued", {"recipients": KS}, "recipients"),
        ("decision.taken", {"source": f"urn:orgnr:{NARVIK}:arena"}, "actor"),
        ("duty.overdue", {"recipients": f"org:{AID}"}, "recipients"),
        ("duty.overdue", {"recipients": f"org:{NAV} org:{KS}"}, "recipients"),
        ("duty.overdue", {"recipients": f"org:{NAV} state"}, "recipients"),
        ("duty.overdue", {"audience": "arena"}, "audience"),
        ("silence.noted", {"recipients": f"org:{KS}"}, "recipients"),
    ],
)
def test_what_does_not_hold_is_refused(
    name: str, change: dict[str, str], code: str
) -> None:
    verdict = judged(example(name) | change)

    assert isinstance(verdict, Refusal)
    assert code in {fault.code for fault in verdict.faults}


def test_a_council_decides_under_its_own_code_and_nobody_under_anothers() -> None:
    council = example("decision.taken", "odd-a-councils-own")
    of_another = {**council["data"], "municipalities": ["0301"]}
    of_the_ministry = example("decision.taken")
    of_the_ministry["data"]["municipalities"] = ["0301"]

    assert isinstance(judged(council), Fact)
    for event in (council | {"data": of_another}, of_the_ministry):
        verdict = judged(event)
        assert isinstance(verdict, Refusal)
        assert verdict.reason == "not_the_council"


def test_in_the_arena_no_fact_is_corrected_or_withdrawn() -> None:
    event = example("fact.withdrawn")
    event["data"] |= {"type": "advice.position.recorded"}

    verdict = judged(event)

    assert isinstance(verdict, Refusal)
    assert verdict.reason == "type"


def test_intake_takes_none_of_them() -> None:
    event = example("arena.item.proposed") | {"subject": INITIATIVE}
    for name in ("audience", "actor"):
        del event[name]

    faults, _ = faults_of(
        read(orjson.dumps(event)), ruleset(NEWEST), datetime(2026, 11, 24, tzinfo=UTC)
    )

    assert [fault.code for fault in faults] == ["unknown_type"]
    assert "joint arena" in faults[0].detail


@dataclass(frozen=True)
class Words:
    """A fact of the arena, as the policy asks of it."""

    name: str = "arena.act.prepared"
    speaker: str = KS
    audience: tuple[str, ...] = ("arena",)
    initiatives: tuple[str, ...] = (INITIATIVE,)
    hash: str | None = None
    readers: ReaderRule = "arena"
    recipients: tuple[str, ...] = ()


def shared_with(*audience: str, ended: bool = False) -> Mapping[Ref, Grant]:
    ref = Ref(f"urn:orgnr:{NAV}:x", "1")
    return {ref: Grant(ref, frozenset(audience), open=True, ended=ended)}


def reading(
    words: Words, orgnr: str, grants: Mapping[str, Any], given: Any = None
) -> bool:
    return may_read_in_arena(words, reader_for(orgnr), grants, given or {})


def test_who_takes_part_reads_what_is_about_initiatives_it_may_read() -> None:
    shared = {INITIATIVE: shared_with("municipal")}
    with_aid = {INITIATIVE: shared_with(organisation(AID))}
    both = (INITIATIVE, JOINED)

    assert reading(Words(speaker=AID), KS, shared)
    assert reading(Words(), NAV, {}), "the owner takes part itself"
    assert not reading(Words(), AID, shared)
    assert reading(Words(), AID, with_aid)
    assert not reading(Words(initiatives=both), AID, with_aid)
    assert not reading(Words(), DIGDIR, {INITIATIVE: shared_with("state")})
    assert not may_read_in_arena(Words(), ANYBODY, shared, {})


def test_an_ended_grant_opens_nothing_more() -> None:
    ended = {INITIATIVE: shared_with("municipal", ended=True)}

    assert not reading(Words(speaker=AID), KS, ended)
    assert reading(Words(speaker=KS), KS, ended), "whoever says it reads it"


def test_a_meeting_is_read_by_whoever_takes_part() -> None:
    words = Words(name="arena.meeting.held", initiatives=(), speaker="urn:tidlig:x")

    assert reading(words, AID, {})
    assert not reading(words, DIGDIR, {})


def test_the_owner_reads_that_the_item_exists_and_what_is_given() -> None:
    """Here it takes no part in the arena."""
    initiative = f"{DIGDIR}:tiltak"
    given = {"h": ("arena",)}

    def owner_reads(name: str, hash: str | None = None) -> bool:
        words = Words(name=name, initiatives=(initiative,), hash=hash)
        return reading(words, DIGDIR, {}, given)

    assert owner_reads("arena.item.proposed")
    assert owner_reads("advice.issued", "h")
    assert owner_reads("advice.position.recorded", "h")
    assert not owner_reads("advice.position.recorded", "not given")
    for name in ("advice.drafted", "arena.act.prepared", "advice.challenged"):
        assert not owner_reads(name, "h")


def test_advice_opens_itself_and_the_positions_bound_to_its_hash() -> None:
    given = {"h": ("arena", "municipal")}

    def narvik_reads(name: str, hash: str | None) -> bool:
        return reading(Words(name=name, hash=hash), NARVIK, {}, given)

    assert narvik_reads("advice.issued", "h")
    assert narvik_reads("advice.position.recorded", "h")
    assert narvik_reads("silence.noted", "h")
    assert not narvik_reads("advice.position.recorded", "older")
    assert not narvik_reads("advice.drafted", "h")
    assert not reading(Words(name="advice.issued", hash="h"), DIGDIR, {}, given)


def test_a_duty_is_told_to_who_has_it_and_to_the_owner_and_to_nobody_else() -> None:
    event = example("duty.overdue")
    said = fact(event)
    without = {name: value for name, value in event.items() if name != "recipients"}
    verdict = judged(without)
    shared = {INITIATIVE: shared_with("municipal", "state", "arena")}
    given = {str(said.hash): ("arena", "municipal", "state")}

    def reads(orgnr: str) -> bool:
        return may_read_in_arena(said, reader_for(orgnr), shared, given)

    assert said.audience == ()
    assert isinstance(verdict, Refusal)
    assert verdict.reason == "recipients"
    assert [org for org in (AID, NAV, KS, DIGDIR, NARVIK) if reads(org)] == [AID, NAV]
    assert channels_for(said, shared, given) == set(said.recipients)
    assert not may_read_in_arena(said, ANYBODY, shared, given)


def test_an_owner_reads_the_question_where_it_names_what_the_owner_may_not() -> None:
    """It is told the question; the fact names another initiative, and stays closed."""
    both = (f"{DIGDIR}:tiltak", INITIATIVE)
    words = Words(name="arena.item.proposed", initiatives=both)
    shared = {INITIATIVE: shared_with("state")}

    assert not reading(words, DIGDIR, {})
    assert access(both, reader_for(DIGDIR), {}, given=False) == "owner"
    assert reading(words, DIGDIR, shared)


def test_how_much_of_an_item_there_is_for_each() -> None:
    about, shared = (INITIATIVE,), {INITIATIVE: shared_with("municipal")}

    def there_is(reader: Reader, *, given: bool = False) -> str:
        return access(about, reader, shared, given)

    assert there_is(reader_for(KS)) == there_is(reader_for(NAV)) == "all"
    assert there_is(Reader(frozenset({organisation(NAV)}), NAV)) == "owner"
    assert there_is(reader_for(AID)) == "number"
    assert there_is(reader_for(AID), given=True) == "given"
    assert there_is(reader_for(NARVIK)) == there_is(ANYBODY) == ""
    assert there_is(reader_for(NARVIK), given=True) == "given"


def test_each_reader_has_it_on_its_own_channel_and_public_where_all_may() -> None:
    shared = {INITIATIVE: shared_with("municipal")}
    issued = Words(name="advice.issued", speaker="urn:tidlig:consultation", hash="h")

    def available(audience: str) -> set[str]:
        return channels_for(issued, shared, {"h": audience.split()})

    members = {organisation(each) for each in (KS, NAV)}
    assert available("arena") & {organisation(AID), *members} == members
    assert organisation(NARVIK) not in available("arena")
    assert organisation(NARVIK) in available("arena municipal")
    assert organisation(DIGDIR) not in available("arena municipal")
    assert "public" in available("arena public")
    assert {"arena", "municipal"}.isdisjoint(available("arena municipal public"))


@pytest.mark.parametrize("name", ["arena.readable", "arena.received"])
def test_that_one_could_read_in_the_arena_is_told_to_that_one_alone(name: str) -> None:
    """An item has no owner to be told."""
    event = example(name)

    assert isinstance(judged(event), Fact)
    assert isinstance(judged(event | {"subject": "meeting:nav:2-26"}), Fact)
    for change in (
        {"recipients": f"org:{NAV} org:{KS}"},
        {"recipients": f"org:{NAV}"},
        {"audience": "arena"},
        {"subject": "item:annen:3-26"},
        {"subject": INITIATIVE},
        {"source": "urn:tidlig:consultation"},
    ):
        assert isinstance(judged(event | change), Refusal)
    of_initiative = example(name.replace("arena", "initiative"))
    away = of_initiative | {"subject": event["subject"]}
    assert isinstance(judged(away | {"recipients": event["recipients"]}), Refusal)


def test_their_types_stand_by_themselves() -> None:
    for row in TYPES.values():
        if row.in_arena:
            assert (row.key, row.visibilities) == ("itself", ())
