"""Joint cases and what was learnt of, as they are answered."""

from tests.schemas.said import AID, KS, NARVIK, NAV

from .conftest import Desk
from .hand import Hand
from .test_cases import KSS, NAVS, side
from .test_surprise import ENTRY, OWNERS, discovered, owners_entry


async def tell(desk: Desk, *stories: Hand) -> None:
    await desk.tell(*(told for story in stories for told in story.told))


async def test_a_list_has_a_case_once_and_each_side_tells_of_the_other(
    desk: Desk,
) -> None:
    await tell(
        desk,
        side(NAVS, KSS, shared_with="municipal"),
        side(KSS, NAVS, shared_with="state"),
    )

    listed = (await desk.read("/initiatives", KS))["initiatives"]
    shown = [await desk.read(f"/initiatives/{each}", KS) for each in (NAVS, KSS)]

    (line,) = listed
    assert {line["id"], *line["joint_with"]} == {NAVS, KSS}
    assert [each["cases"][0]["with"] for each in shown] == [KSS, NAVS]
    assert all(each["cases"][0]["mutual"] for each in shown)


async def test_asked_for_by_owner_each_side_has_its_own_line(desk: Desk) -> None:
    await tell(
        desk,
        side(NAVS, KSS, shared_with="municipal"),
        side(KSS, NAVS, shared_with="state"),
    )

    for owner, subject in ((NAV, NAVS), (KS, KSS)):
        listed = await desk.read(f"/initiatives?owner={owner}", KS)

        found = [(e["id"], e["joint_with"]) for e in listed["initiatives"]]
        assert found == [(subject, [])]


async def test_who_reads_one_side_alone_is_told_of_no_case(desk: Desk) -> None:
    await tell(
        desk,
        side(NAVS, KSS, shared_with="municipal state"),
        side(KSS, NAVS, shared_with=f"org:{NAV}"),
    )

    (line,) = (await desk.read("/initiatives", AID))["initiatives"]
    shown = await desk.read(f"/initiatives/{NAVS}", AID)

    assert (line["id"], line["joint_with"]) == (NAVS, [])
    assert [each["mutual"] for each in shown["cases"]] == [False]


async def test_a_file_has_both_sides_of_a_case(desk: Desk) -> None:
    await tell(
        desk,
        side(NAVS, KSS, shared_with="municipal"),
        side(KSS, NAVS, shared_with="state"),
    )

    answer = await desk.get("/initiatives.csv", KS)

    assert NAVS in answer.text
    assert KSS in answer.text


async def test_figures_count_what_the_reader_is_a_party_to(desk: Desk) -> None:
    story = Hand(f"{NARVIK}:boligsak", [])
    story.registered("2026-03-02T09:00")
    story.shared("2026-03-03T09:00", "municipal state")
    story.readable("2026-03-03T09:01", "state")
    await tell(desk, story)

    counted = {}
    for reader in (NARVIK, AID, KS):
        directions = (await desk.read("/earliness", reader))["directions"]
        to_state = {each["to_line"]: each for each in directions}["state"]
        counted[reader] = (to_state["n"], to_state["n_shared"])

    # KS reads it too, but not since when the state could
    assert counted == {NARVIK: (1, 1), AID: (1, 1), KS: (0, 0)}


async def test_what_was_learnt_of_is_counted_for_who_may_read_the_entry(
    desk: Desk,
) -> None:
    await tell(
        desk,
        owners_entry(True, shared="2026-05-21T09:00"),
        discovered("2026-05-20", True),
    )

    ks = (await desk.read("/earliness", KS))["surprise"]
    narvik = (await desk.read("/earliness", NARVIK))["surprise"]

    to_municipal = {each["to_line"]: each for each in ks}["municipal"]
    assert to_municipal["n_discovered"] == 1
    assert to_municipal["least"] == {"surprises": 1, "known": 1}
    assert OWNERS != ENTRY
    # the entry was shared with the state alone
    assert {each["to_line"]: each for each in narvik}["municipal"]["n_discovered"] == 0
