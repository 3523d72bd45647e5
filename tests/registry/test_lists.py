"""Lists by what is said, by words and by what is new; never by what is closed."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.registry.indexing import make_some_findable
from services.registry.policies import phase_policy
from services.registry.rules import everything, project
from services.registry.short_names import short_name
from services.registry.view import phase
from tests.histories import READERS, Told, histories
from tests.schemas.said import AID, KS, NARVIK, NAV

from .conftest import Desk
from .hand import Hand, hand, oslo
from .test_api import PROBLEM, problem_of, shared_with
from .test_rules import folded

BOTH = pytest.mark.parametrize("indexed", [True, False], ids=["indexed", "not yet"])


async def listed(desk: Desk, orgnr: str | None = KS, **params: object) -> set[str]:
    found = await desk.read("/initiatives", orgnr, params=params)
    return {each["id"].partition(":")[2] for each in found["initiatives"]}


async def tell(desk: Desk, *stories: Hand, indexed: bool = True) -> None:
    await desk.tell(*(told for story in stories for told in story.told))
    if indexed:
        while await make_some_findable(desk.pool):
            pass


def described(local: str, title: str, owner: str = NAV, **fields: object) -> Hand:
    story = hand(owner, local)
    data = {"title": title, "problem": "p", "contact_role": "r", **fields}
    story.owner_says("2026-01-05T09:00:00", "initiative.registered", data)
    audience = "municipal" if owner == NAV else "state"
    story.shared("2026-01-05T09:00:00", audience)
    return story


# -- words ---------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("søknad", {"a", "b"}),
        ("SØKNADENE", {"a", "b"}),
        ("søknader digital", {"a"}),
        ("søk*", {"a", "b", "c"}),
        ("økonomisk sosialhjelp", {"b"}),
        ("heimeside", {"d"}),
        ("heimesidene", {"d"}),
        ("og søknad", {"a", "b"}),
        ("tannhelse", set()),
    ],
)
async def test_words_are_found_in_any_form(
    desk: Desk, indexed: bool, words: str, found: set[str]
) -> None:
    stories = [
        described("a", "Digital søknad"),
        described("b", "Mottak", summary="Søknader om økonomisk sosialhjelp."),
        described("c", "Søkemotor"),
        described("d", "Nye heimesider for Nav-kontora"),
    ]
    await tell(desk, *stories, indexed=indexed)

    assert await listed(desk, q=words) == found


@BOTH
async def test_a_word_that_is_closed_to_the_reader_finds_nothing(
    desk: Desk, indexed: bool
) -> None:
    story = described("a", "Åpen")
    story.amended("2026-02-01T09:00:00", "hemmelig", visibility="own")
    to_nav = {"visibility": "named", "recipients": NAV}
    data = {"key": "k", "position": "neutral", "text": "fortrolig"}
    story.another_says(KS, "2026-02-01T09:00:00", "response.submitted", data, **to_nav)
    await tell(desk, story, indexed=indexed)

    assert await listed(desk, NAV, q="hemmelig") == {"a"}
    assert await listed(desk, KS, q="hemmelig") == set()
    assert await listed(desk, KS, q="åpen") == {"a"}
    assert await listed(desk, NARVIK, q="fortrolig") == set()
    assert await listed(desk, KS, q="fortrolig") == {"a"}


@pytest.mark.parametrize("words", ["og i", "  ", "&|!", "-", "'"])
async def test_a_question_without_a_word_is_refused(desk: Desk, words: str) -> None:
    found = await desk.get("/initiatives", KS, params={"q": words})

    assert problem_of(found) == (400, PROBLEM, "invalid_parameter")


@pytest.mark.parametrize("words", ["!åpen", "-åpen", "a <-> b", "åpen | x", "å²b", "½"])
async def test_signs_of_a_query_language_are_no_more_than_what_parts_words(
    desk: Desk, words: str
) -> None:
    """Else one could ask for what a text lacks, and hidden words would answer."""
    await tell(desk, described("a", "åpen sak"))

    found = await desk.get("/initiatives", KS, params={"q": words})

    assert found.status_code in (200, 400)
    if words.endswith("åpen"):
        assert len(found.json()["initiatives"]) == 1


async def test_a_text_that_no_index_holds_is_looked_at_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.registry.indexing.LONGEST_WORDS", 10)
    await tell(desk, described("a", "Digital søknad"), described("b", "Annet"))

    assert await listed(desk, q="søknad") == {"a"}


# -- fields ---------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("where", "found"),
    [
        (["description.scope:central"], {"a"}),
        (["description.municipalities:1806"], {"a", "b"}),
        (["description.municipalities:1806", "description.scope:local"], {"b"}),
        (["description.title:Digital søknad"], {"a"}),
        (["description.title:digital søknad"], set()),
        (["lock.kind:contract"], {"b"}),
        (["lock.date>=2026-09-01"], {"b"}),
        (["lock.date<=2026-08-31"], set()),
        (["lock.date>=2026-08-01", "lock.date<=2026-09-01"], {"b"}),
        (["lock.date>=2026-09-02"], set()),
        (["description.title>=2026-01-01"], set()),
        (["share.not_before<=2026-06-01"], {"b"}),
        (["response.position:opposes"], {"a"}),
        (["response.text:i"], {"a"}),
        (["share.open_decisions:need"], {"c"}),
    ],
)
async def test_lists_by_any_field_of_what_stands(
    desk: Desk, indexed: bool, where: list[str], found: set[str]
) -> None:
    stories = [
        described("a", "Digital søknad", scope="central", municipalities=["1806"]),
        described("b", "b", scope="local", municipalities=["1804", "1806"]),
        hand(NAV, "c"),
    ]
    data = {"key": "k", "position": "opposes", "text": "i"}
    stories[0].another_says(KS, "2026-02-01T09:00:00", "response.submitted", data)
    stories[1].locked("2026-09-01")
    later = stories[1].shared("2026-03-01T09:00:00", not_before="2026-06-01T08:00:00Z")
    stories[1].opened("2026-06-01T10:00:00", later)
    stories[2].registered("2026-01-05T09:00:00")
    stories[2].shared("2026-01-05T09:00:00", open_decisions=["need"])
    await tell(desk, *stories, indexed=indexed)

    assert await listed(desk, where=where) == found


async def test_a_field_has_the_value_that_the_reader_may_read(desk: Desk) -> None:
    story = described("a", "t", scope="central")
    data = {"changes": {"scope": "local"}}
    story.owner_says(
        "2026-02-01T09:00:00", "initiative.amended", data, visibility="own"
    )
    await tell(desk, story)

    assert await listed(desk, NAV, where="description.scope:local") == {"a"}
    assert await listed(desk, KS, where="description.scope:local") == set()
    assert await listed(desk, KS, where="description.scope:central") == {"a"}


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("lock.datum:2026", "`lock` has:"),
        ("laas.date:2026", "there is no `laas`"),
        ("lock.date", "family.field:value"),
        ("readable.channel:state", "there is no `readable`"),
        ("correction.reason:x", "there is no `correction`"),
    ],
)
async def test_a_field_that_does_not_exist_is_refused_with_those_that_do(
    desk: Desk, where: str, says: str
) -> None:
    found = await desk.get("/initiatives", KS, params={"where": where})

    assert problem_of(found) == (400, PROBLEM, "invalid_parameter")
    assert says in found.json()["faults"][0]["detail"]


# -- owner, line, phase, short name ----------------------------------------------------


@BOTH
async def test_an_index_that_is_behind_changes_no_answer(
    desk: Desk, indexed: bool
) -> None:
    """What was said since it was made findable is found as if it were."""
    nav, ks = shared_with("municipal", local="a"), shared_with("state", KS, "b")
    await tell(desk, nav, ks)
    more = Hand(nav.subject, [], moment=oslo("2026-02-01T09:00:00"))
    data = {"key": "v", "gate": "BP1", "outcome": "approved", "date": "2026-02-01"}
    name = "initiative.gate.decided"
    more.owner_says(more.clock, name, {**data, "body": "styret"}, id="bp1")
    await tell(desk, more, indexed=indexed)

    assert await listed(desk, phase="concept") == {"a"}
    assert await listed(desk, phase="idea") == {"b"}
    assert await listed(desk, q="styret") == {"a"}
    assert await listed(desk, owner=NAV) == {"a"}
    assert await listed(desk, line="municipal") == {"b"}
    assert await listed(desk, line="state", phase="idea") == set()


@BOTH
async def test_a_short_name_finds_it_however_people_write_it(
    desk: Desk, indexed: bool
) -> None:
    stories = [shared_with("municipal", local=name) for name in "abc"]
    await tell(desk, *stories, indexed=indexed)
    name = short_name(stories[0].subject)

    assert await listed(desk, short_name=name) == {"a"}
    assert await listed(desk, short_name=name.rpartition("-")[2].lower()) == {"a"}
    assert await listed(desk, AID, short_name=name) == set()
    wrong = await desk.get("/initiatives", KS, params={"short_name": name[:-1] + "*"})
    assert problem_of(wrong) == (400, PROBLEM, "invalid_parameter")
    assert "mistyped" in wrong.json()["detail"]


async def test_pages_of_what_is_rare_visit_each_once(desk: Desk) -> None:
    stories = [described(f"n{n}", "sjelden" if n % 7 == 0 else "t") for n in range(40)]
    await tell(desk, *stories)
    found: list[str] = []
    following: dict[str, str] | None = {}
    while following is not None:
        params = {"q": "sjelden", "limit": "2", **following}
        page = await desk.read("/initiatives", KS, params=params)
        found += [each["id"] for each in page["initiatives"]]
        following = {"next": page["next"]} if "next" in page else None

    assert sorted(found) == sorted(s.subject for s in stories[::7])


# -- changed since --------------------------------------------------------------------


@BOTH
async def test_changed_is_what_the_reader_may_read_of_later(
    desk: Desk, indexed: bool
) -> None:
    quiet, secret, loud = (shared_with("municipal", local=name) for name in "abc")
    secret.amended("2026-02-01T09:00:00", "hemmelig", visibility="own")
    secret.shared("2026-02-01T09:00:00", f"org:{AID}")
    loud.amended("2026-02-01T09:00:00", "ny")
    await tell(desk, quiet, secret, loud, indexed=indexed)
    since = "2026-02-01T07:59:59Z"

    assert await listed(desk, KS, changed_since=since) == {"c"}
    assert await listed(desk, NAV, changed_since=since) == {"b", "c"}
    assert await listed(desk, AID, changed_since=since) == {"b"}
    assert await listed(desk, KS, changed_since="2026-01-01T00:00:00Z") == {
        "a",
        "b",
        "c",
    }
    assert await listed(desk, KS, changed_since="2026-02-01T08:00:00Z") == set()
    seen_by = {"changed_since": since, "as_seen_by": KS}
    assert await listed(desk, NAV, **seen_by) == {"c"}
    until = {"changed_since": since, "as_of": "2026-02-01T07:59:59.5Z"}
    assert await listed(desk, NAV, **until) == set()


@BOTH
async def test_what_was_said_last_hides_no_change_before_it(
    desk: Desk, indexed: bool
) -> None:
    """The last fact is the owner's own; one before it may be read."""
    story = shared_with("municipal", local="a")
    story.amended("2026-02-01T09:00:00", "ny")
    story.amended("2026-02-01T09:00:00", "hemmelig", visibility="own")
    await tell(desk, story, indexed=indexed)

    found = await listed(desk, KS, changed_since="2026-02-01T07:59:59Z")

    assert found == {"a"}


# -- the index never holds too little ------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(histories().filter(bool), st.sampled_from(sorted(READERS)))
def test_whoever_may_know_the_phase_knows_the_one_that_is_indexed(
    history: list[Told], name: str
) -> None:
    state, phases = folded(history), phase_policy()

    for_reader = phase(project(state, READERS[name]), phases)

    assert for_reader in (None, phase(everything(state), phases))


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
async def test_lists_before_and_after_indexing_are_the_same(
    desk: Desk, data: st.DataObject
) -> None:
    history = data.draw(histories().filter(bool))
    reader = data.draw(st.sampled_from([*sorted(READERS)]))
    orgnr = None if reader == "public" else reader
    await desk.empty()
    await desk.tell(*history)
    asked: list[dict[str, str]] = [
        {"q": "søknad"},
        {"q": "rød grøn"},
        {"phase": "idea"},
        {"where": "description.title:blå"},
        {"where": "lock.date>=2026-06-01"},
        {"where": "gate.date<=2026-06-01"},
        {"owner": NAV},
        {"line": "municipal"},
    ]

    before = [await listed(desk, orgnr, **each) for each in asked]
    await make_some_findable(desk.pool)
    after = [await listed(desk, orgnr, **each) for each in asked]

    assert await desk.fetch("SELECT FROM unfindable") == []
    assert before == after
