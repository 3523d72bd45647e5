"""First light: announced, shared, read, answered; and both can prove when."""

from datetime import UTC, datetime, timedelta

from tests.schemas.said import AID, DIGDIR, KS, NARVIK, NAV
from tests.stack import until

from .conftest import Json, Tidlig
from .said import answers, ended, identity, locked, registered, shared


async def test_ks_reads_what_nav_shares_and_nav_can_prove_since_when(
    tidlig: Tidlig,
) -> None:
    subject = f"{NAV}:felles-soknad"
    said = registered(NAV, subject, "Felles søknad")
    share = shared(NAV, subject, "municipal", open_decisions=["concept", "supplier"])
    lock = locked(NAV, subject, "2027-09-01")

    receipt, *_ = await tidlig.emit(said, share, lock)
    found = await tidlig.given(KS, said, share, lock)

    async def readable() -> Json | None:
        told = await tidlig.receipt(receipt, NAV)
        return told if told["readable"] else None

    proof = await until(readable, what="the receipt's readers")
    assert [reader["channel"] for reader in proof["readable"]] == ["municipal"]
    assert proof["published"]["topic"] == "tidlig.state.v1"
    mine = [event for event in found if event["subject"] == subject]
    assert [e["type"].split(".")[-2] for e in mine[:3]] == [
        "registered",
        "shared",
        "recorded",
    ]

    async def early() -> Json | None:
        seen = await tidlig.initiative(subject, KS)
        ready = seen is not None and seen["earliness"] and seen["earliness"]["class"]
        return seen["earliness"] if seen and ready else None

    figures = await until(early, what="earliness")
    assert figures["direction"] == {"from": "state", "to": "municipal"}
    assert figures["class"] == "early"
    assert figures["basis"] == "forecast"
    assert figures["open_decisions"] == 2


async def test_using_a_cursor_tells_the_owner_that_ks_has_received(
    tidlig: Tidlig,
) -> None:
    subject = f"{NAV}:mottatt"
    said, share = registered(NAV, subject, "Mottatt"), shared(NAV, subject, "municipal")
    await tidlig.emit(said, share)
    await tidlig.given(KS, said, share)

    async def received() -> Json | None:
        seen = await tidlig.initiative(subject, NAV)
        return seen if seen and f"org:{KS}" in seen["received"] else None

    await until(received, what="received")
    by_ks = await tidlig.initiative(subject, KS)
    by_narvik = await tidlig.initiative(subject, NARVIK)
    assert by_ks is not None
    assert list(by_ks["received"]) == [f"org:{KS}"]
    assert by_narvik is not None
    assert by_narvik["received"] == {}


async def test_the_owner_hears_an_answer_and_so_does_who_shares_its_audience(
    tidlig: Tidlig,
) -> None:
    subject = f"{NARVIK}:mottak"
    said, share = (
        registered(NARVIK, subject, "Mottak"),
        shared(NARVIK, subject, "state"),
    )
    await tidlig.emit(said, share)
    await tidlig.given(AID, said, share)
    answer = answers(AID, subject, "Godt tiltak.")
    stranger = answers(KS, subject, "Vi har ikke fått den.")
    await tidlig.emit(answer)
    await tidlig.emit(stranger)

    owners = await tidlig.given(NARVIK, answer, stranger)
    states = await tidlig.given(DIGDIR, said, answer)

    assert identity(stranger) in {identity(event) for event in owners}
    assert identity(stranger) not in {identity(event) for event in states}


async def test_under_embargo_nobody_reads_before_the_time_and_all_soon_after(
    tidlig: Tidlig,
) -> None:
    subject = f"{NAV}:embargo"
    opens = datetime.now(UTC) + timedelta(seconds=4)
    said = registered(NAV, subject, "Under embargo")
    share = shared(NAV, subject, "municipal", not_before=opens.isoformat())
    marker = registered(NAV, f"{NAV}:merke", "Merke")
    await tidlig.emit(said, share, marker, shared(NAV, f"{NAV}:merke", "municipal"))

    before = await tidlig.given(KS, marker)
    await tidlig.registered(subject, NAV)
    seen_before = await tidlig.initiative(subject, KS)
    was_early = datetime.now(UTC) < opens
    await tidlig.given(KS, said, share)

    assert was_early
    assert identity(said) not in {identity(event) for event in before}
    assert seen_before is None
    assert datetime.now(UTC) - opens < timedelta(seconds=5)


async def test_after_a_share_has_ended_it_is_not_served_again(tidlig: Tidlig) -> None:
    subject = f"{NAV}:trukket"
    said, share = registered(NAV, subject, "Trukket"), shared(NAV, subject, "municipal")
    await tidlig.emit(said, share)
    await tidlig.given(KS, said, share)
    end = ended(NAV, share)
    await tidlig.emit(end)

    await tidlig.given(KS, end)
    # pages read while it ended may hold what was still served
    after = await tidlig.feed(KS)

    async def ended_there() -> Json | None:
        found = await tidlig.initiative(subject, KS)
        return found if found and not found["shares"][0]["live"] else None

    seen = await until(ended_there, what="the registry")
    identities = {identity(event) for event in after}
    assert identity(said) not in identities
    assert identity(share) in identities
    assert seen["description"] == {}


async def test_what_is_shared_again_comes_again_with_the_same_identity(
    tidlig: Tidlig,
) -> None:
    subject = f"{NAV}:igjen"
    said, share = registered(NAV, subject, "Igjen"), shared(NAV, subject, f"org:{KS}")
    await tidlig.emit(said, share)
    await tidlig.given(KS, said, share)
    end = ended(NAV, share)
    await tidlig.emit(end)
    await tidlig.given(KS, end)
    again = shared(NAV, subject, f"org:{KS}")
    await tidlig.emit(again)

    found = await tidlig.given(KS, said, again)

    assert [identity(event) for event in found].count(identity(said)) == 1


async def test_everybody_reads_what_is_public_and_nothing_else(tidlig: Tidlig) -> None:
    open_, secret = f"{NAV}:apen", f"{NAV}:hemmelig"
    said = registered(NAV, open_, "Åpen", visibility="public")
    hidden = registered(NAV, secret, "Bare for oss", visibility="own")
    unshared = registered(NAV, f"{NAV}:udelt", "Udelt")
    await tidlig.emit(said, hidden, unshared)
    await tidlig.given(NAV, said, hidden, unshared)

    public = await tidlig.given(None, said)
    seen = await tidlig.registered(open_, None)
    await tidlig.registered(secret, NAV)

    identities = {identity(event) for event in public}
    assert identity(hidden) not in identities
    assert identity(unshared) not in identities
    assert seen["partial"] is True
    assert seen["phase"] is None
    assert seen["earliness"] is None
    assert await tidlig.initiative(secret, None) is None
    assert await tidlig.initiative(secret, KS) is None
    unknown = await tidlig.ask(tidlig.registry, f"/initiatives/{NAV}:finnes-ikke", KS)
    hidden_one = await tidlig.ask(tidlig.registry, f"/initiatives/{secret}", KS)
    assert unknown.json() == hidden_one.json()


async def test_named_recipients_read_and_no_one_else(tidlig: Tidlig) -> None:
    subject = f"{NAV}:navngitt"
    said = registered(NAV, subject, "Navngitt", visibility="named", recipients=KS)
    await tidlig.emit(said)

    await tidlig.given(KS, said)
    await tidlig.registered(subject, KS)

    narvik = {identity(event) for event in await tidlig.feed(NARVIK)}
    assert identity(said) not in narvik
    assert await tidlig.initiative(subject, NARVIK) is None


async def test_another_speaker_learns_from_its_receipt_only_that_the_owner_can_read(
    tidlig: Tidlig,
) -> None:
    subject = f"{NAV}:kvittering"
    said, share = (
        registered(NAV, subject, "Kvittering"),
        shared(NAV, subject, "municipal"),
    )
    await tidlig.emit(said, share)
    await tidlig.given(KS, said, share)
    answer = answers(KS, subject, "Svar")
    receipt, *_ = await tidlig.emit(answer)
    await tidlig.given(NARVIK, answer)

    async def readable() -> list[str]:
        told = await tidlig.receipt(receipt, KS)
        return [reader["channel"] for reader in told["readable"]]

    assert await until(readable, what="the receipt's readers") == [f"org:{NAV}"]
