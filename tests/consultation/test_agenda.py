"""The agenda over HTTP: only items that may be on it are read, and none is missed."""

from datetime import timedelta
from typing import Any

from services.consultation import store
from services.consultation.initiatives import Heard, Share
from services.consultation.rules.standing import Word
from services.kit.db import transaction

from .conftest import AID, INITIATIVE, KS, NARVIK, NAV, Desk, Json
from .test_service import CANARY, CARD, PAPER, committed

OTHER_SIDE = f"{NARVIK}:mottak"
BOTH = ("municipal", "state")


def word(kind: str, order: int, said: dict[str, str | None]) -> Word:
    return Word(type=kind, source="s", id=str(order), order=order, said=said)


async def heard(
    desk: Desk, name: str, *words: Word, audience: tuple[str, ...] = BOTH
) -> None:
    shares = {"urn:orgnr:1:x 1": Share(audience=audience, embargoed=False)}
    stands = {f"{each.family} {n}": each for n, each in enumerate(words)}
    kept = Heard(subject=name, shares=shares, stands=stands)
    async with transaction(desk.pool) as conn:
        await store.save_heard(conn, [kept])


def tie(to: str) -> Word:
    return word("initiative.joined", 1, {"with": to})


def lock(desk: Desk) -> Word:
    day = (desk.now[0] + timedelta(days=20)).date().isoformat()
    return word("initiative.lock.recorded", 2, {"key": "avtale", "date": day})


async def suggested(desk: Desk, orgnr: str = AID) -> dict[str | None, Json]:
    found = (await desk.read("/agenda", orgnr))["suggestions"]
    return {each["item"]: each for each in found}


async def test_an_item_is_due_before_the_lock_of_its_initiatives_other_side(
    desk: Desk,
) -> None:
    name = await desk.proposed()
    await heard(desk, INITIATIVE, tie(OTHER_SIDE))
    await heard(desk, OTHER_SIDE, tie(INITIATIVE), lock(desk))

    found = (await suggested(desk))[name]

    assert found["reasons"] == ["before_a_lock"]
    assert found["initiatives"] == sorted([INITIATIVE, OTHER_SIDE])
    # to whom the other side is not shared it is not there, nor its lock
    await heard(
        desk,
        OTHER_SIDE,
        tie(INITIATIVE),
        lock(desk),
        audience=(f"org:{KS}",),
    )
    assert name not in await suggested(desk)
    assert name in await suggested(desk, KS)
    await heard(desk, OTHER_SIDE)


async def test_an_item_comes_on_the_agenda_and_leaves_it_with_its_state(
    desk: Desk,
) -> None:
    name = await desk.proposed()
    assert name not in await suggested(desk)

    await desk.by_both(f"/items/{name}", PAPER)
    ready = (await suggested(desk))[name]
    await desk.taken(f"/items/{name}/withdraw", {"reason": "Trekkes."}, AID)

    assert ready["reasons"] == ["ready"]
    assert name not in await suggested(desk)
    (row,) = await desk.fetch("SELECT is_over FROM board WHERE subject = $1", name)
    assert row["is_over"]


async def test_only_what_is_open_is_ranked(desk: Desk) -> None:
    name = await committed(desk)
    for orgnr, nonce in ((AID, CANARY), (KS, "f" * 32)):
        body: dict[str, Any] = {"round": 1, "nonce": nonce, "scorecard": CARD}
        await desk.taken(f"/items/{name}/reveal", body, orgnr)
    before = {each["scored"]["item"] for each in await placed(desk)}

    await desk.taken(f"/items/{name}/withdraw", {"reason": "Trekkes."}, AID)

    assert name in before
    assert {each["scored"]["item"] for each in await placed(desk)} == before - {name}


async def placed(desk: Desk) -> list[Json]:
    found: list[Json] = (await desk.read("/ranking", NAV))["placed"]
    return found
