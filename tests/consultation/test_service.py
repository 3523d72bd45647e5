"""The arena over HTTP: who may, what is refused and recorded, what is announced."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from cryptography.exceptions import InvalidTag

from schemas.admission import admit
from schemas.fact import Fact
from services.consultation import store
from services.consultation.minutes import folded
from services.consultation.rules.commitments import commitment
from services.consultation.store import bytes_of
from services.kit.checkpoint import Place

from .conftest import AID, DIGDIR, INITIATIVE, KS, NARVIK, NAV, SCOPES, Desk, Json

PAPER = {
    "kind": "paper",
    "summary": "Saken gjelder felles søknad.",
    "affected": {"municipalities": ["1806"], "state_bodies": [NAV]},
}
ADVICE = {"band": "next", "text": "Arenaen råder til at søknaden prioriteres."}
DISSENT = "Kommunene bør ikke betale før driften er avklart."


async def heard(desk: Desk) -> str:
    """An item that a meeting has dealt with."""
    name = await desk.proposed()
    await desk.by_both(f"/items/{name}", PAPER)
    day = desk.now[0].date().isoformat()
    act = {"kind": "schedule", "arena": "nav", "day": day}
    meeting = await desk.by_both("/meetings", act)
    place = f"/meetings/{meeting['id']}"
    await desk.by_both(place, {"kind": "agenda", "entries": [{"item": name}]})
    held = {"kind": "held", "heard": [name], "attendance": {"state": 2, "municipal": 3}}
    await desk.by_both(place, held)
    desk.seen[name] += 1
    return name


async def drafted(desk: Desk) -> tuple[str, str]:
    name = await heard(desk)
    state = await desk.by_both(f"/items/{name}", {"kind": "draft", "advice": ADVICE})
    return name, state["draft"]["hash"]


async def issued(desk: Desk, *audience: str) -> tuple[str, str]:
    name, text = await drafted(desk)
    endorse = {"hash": text, "position": "endorse"}
    await desk.taken(f"/items/{name}/position", endorse, AID)
    dissent = {"hash": text, "position": "dissent", "text": DISSENT}
    await desk.taken(f"/items/{name}/position", dissent, KS)
    act = {"kind": "issue", "hash": text, "audience": sorted(audience)}
    await desk.by_both(f"/items/{name}", act)
    return name, text


async def attempts(desk: Desk) -> list[tuple[str, str, str, int]]:
    query = "SELECT orgnr, command, rule, status FROM attempt ORDER BY n"
    return [(row[0], row[1], row[2], row[3]) for row in await desk.fetch(query)]


async def test_an_item_goes_from_proposal_to_advice_and_decisions_that_differ(
    desk: Desk,
) -> None:
    name, text = await issued(desk)
    decision = {"hash": text, "reason": "Etter behandling.", "body": "Styret"}
    day = {"decided": desk.now[0].date().isoformat()}

    await desk.taken(
        f"/items/{name}/decide", {**decision, **day, "outcome": "adopted"}, AID
    )
    state = await desk.taken(
        f"/items/{name}/decide", {**decision, **day, "outcome": "not_adopted"}, KS
    )

    assert state["stage"] == "decided"
    outcomes = {each["line"]: each["outcome"] for each in state["decisions"]}
    assert outcomes == {"state": "adopted", "municipal": "not_adopted"}
    assert state["issued"][0]["positions"]["municipal"]["text"] == DISSENT


async def test_every_fact_is_announced_with_it_and_admitted_by_whoever_reads(
    desk: Desk,
) -> None:
    name, _ = await issued(desk)
    kept = await store.facts(desk.pool, name)

    async def waiting() -> int:
        found: int = await desk.pool.fetchval("SELECT count(*) FROM outbox")
        return found

    for each in kept:
        verdict = admit(each.value, (), "tidlig.arena.v1", name.encode())
        assert isinstance(verdict, Fact), verdict
        assert verdict.type.name == each.name
    for _ in range(400):
        if not await waiting():
            break
        await asyncio.sleep(0.05)
    assert not await waiting()


async def test_the_stored_state_is_what_the_facts_add_up_to(desk: Desk) -> None:
    name, _ = await issued(desk)
    stored = (await store.boards(desk.pool, [name]))[name]

    replayed = folded(await store.facts(desk.pool, name))

    assert replayed == stored
    assert bytes_of(stored) == bytes_of(replayed)


async def test_numbers_run_without_a_gap_also_after_refusals(desk: Desk) -> None:
    first = int((await desk.proposed()).split(":")[2].split("-")[0])
    unread = {
        "arena": "nav",
        "initiatives": [f"{DIGDIR}:ukjent"],
        "question": "Hva er dette?",
    }
    assert (await desk.send("/items", unread, AID)).status_code == 403
    second = int((await desk.proposed()).split(":")[2].split("-")[0])

    assert second == first + 1


async def test_an_unknown_initiative_and_an_unshared_one_are_answered_alike(
    desk: Desk,
) -> None:
    await desk.share(f"org:{AID}", initiative=f"{DIGDIR}:hemmelig")

    answers = [
        await desk.send(
            "/items",
            {"arena": "nav", "initiatives": [f"{DIGDIR}:{local}"], "question": "Hva?"},
            KS,
        )
        for local in ("hemmelig", "finnes-ikke")
    ]

    assert [each.status_code for each in answers] == [403, 403]
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize(
    ("word", "rule"),
    [
        ("approve_initiative", "advice_is_advice"),
        ("fund", "advice_is_advice"),
        ("grant", "advice_is_advice"),
        ("veto", "no_veto"),
        ("edit", "what_is_said_stands"),
        ("delete", "what_is_said_stands"),
    ],
)
async def test_what_the_arena_cannot_do_is_refused_by_its_rule_and_recorded(
    desk: Desk, word: str, rule: str
) -> None:
    name = await desk.proposed()
    before = len(await attempts(desk))

    answer = await desk.send(f"/items/{name}/{word}", {}, KS)

    assert answer.status_code == 409
    assert answer.json()["rule"] == rule
    assert answer.json()["citation"]
    assert (await attempts(desk))[before:] == [(KS, word, rule, 409)]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_nothing_is_edited_or_deleted(desk: Desk, method: str) -> None:
    name = await desk.proposed()
    before = len(await attempts(desk))

    answer = await desk.client.request(
        method, f"/items/{name}", headers=desk.token(AID), json={}
    )

    assert answer.status_code == 409
    assert answer.json()["rule"] == "what_is_said_stands"
    assert len(await attempts(desk)) == before + 1


async def test_acting_for_the_other_line_is_refused_and_recorded(desk: Desk) -> None:
    name, text = await drafted(desk)
    before = len(await attempts(desk))
    body = {"hash": text, "position": "endorse"}

    answer = await desk.send(
        f"/items/{name}/position", body, AID, params={"line": "municipal"}
    )

    assert (answer.status_code, answer.json()["rule"]) == (403, "own_line")
    assert (await attempts(desk))[before:] == [(AID, "position", "own_line", 403)]


async def test_one_line_alone_cannot_issue(desk: Desk) -> None:
    name, text = await drafted(desk)
    for orgnr in (AID, KS):
        body = {"hash": text, "position": "endorse"}
        await desk.taken(f"/items/{name}/position", body, orgnr)
    act = {"kind": "issue", "hash": text}
    state = await desk.taken(f"/items/{name}/prepare", {"act": act}, AID)
    before = len(await attempts(desk))

    answer = await desk.send(
        f"/items/{name}/approve", {"hash": state["pending"]["issue"]["hash"]}, AID
    )

    assert (answer.status_code, answer.json()["rule"]) == (409, "both_lines")
    assert (await attempts(desk))[before:] == [(AID, "approve", "both_lines", 409)]
    assert (await desk.read(f"/items/{name}", AID))["issued"] == []


async def test_who_lacks_the_scope_the_actor_or_the_mandate_is_told_so(
    desk: Desk,
) -> None:
    name = await desk.proposed()
    participant = "tidlig:arena.participate"
    cases: list[tuple[str, dict[str, Any], str]] = [
        (AID, {"scope": participant}, "insufficient_scope"),
        (AID, {"actor": None}, "no_actor"),
        (AID, {"actor": {"role": "secretary", "id": "Kari Nordmann"}}, "no_actor"),
        (NAV, {}, "mandate"),
    ]
    for orgnr, claims, code in cases:
        answer = await desk.send(
            f"/items/{name}/prepare", {"act": PAPER}, orgnr, claims=claims
        )
        assert answer.status_code == 403
        assert answer.json()["type"].endswith(code), code


async def test_of_two_at_the_same_instant_one_wins_and_the_other_sees_the_new_state(
    desk: Desk,
) -> None:
    name = await desk.proposed()
    seen = desk.seen[name]

    def prepared(orgnr: str) -> Any:
        return desk.send(f"/items/{name}/prepare", {"act": PAPER}, orgnr, seen=seen)

    answers = await asyncio.gather(prepared(AID), prepared(KS))

    assert sorted(each.status_code for each in answers) == [200, 409]
    (lost,) = (each.json() for each in answers if each.status_code == 409)
    assert lost["rule"] == "changed_meanwhile"
    assert lost["state"]["version"] == seen + 1
    assert "paper" in lost["state"]["pending"]


async def test_a_repeated_command_has_one_effect(desk: Desk) -> None:
    name, text = await drafted(desk)
    key, seen = uuid4(), desk.seen[name]
    body = {"hash": text, "position": "endorse"}

    def again() -> Any:
        return desk.send(f"/items/{name}/position", body, AID, key=key, seen=seen)

    answers = await asyncio.gather(*(again() for _ in range(5)))
    later = await again()

    assert {each.status_code for each in [*answers, later]} == {200}
    assert len({tuple(each.json()["turns"]) for each in [*answers, later]}) == 1
    said = [each.name for each in await store.facts(desk.pool, name)]
    assert said.count("advice.position.recorded") == 1
    other = {"hash": text, "position": "dissent", "text": DISSENT}
    reused = await desk.send(f"/items/{name}/position", other, AID, key=key, seen=seen)
    assert (reused.status_code, reused.json()["rule"]) == (409, "id_reused")


async def test_a_dry_run_judges_and_keeps_nothing(desk: Desk) -> None:
    name, text = await drafted(desk)
    facts, tried = await store.facts(desk.pool, name), await attempts(desk)
    dry = {"dry_run": True}
    body = {"hash": text, "position": "endorse"}

    answer = await desk.send(f"/items/{name}/position", body, AID, params=dry)
    old = {"hash": "0" * 64, "position": "endorse"}
    desk.seen[name] = len(facts)
    refused = await desk.send(f"/items/{name}/position", old, AID, params=dry)

    assert answer.status_code == 200
    assert "state" in answer.json()["state"]["draft"]["positions"]
    assert refused.json()["rule"] == "old_text"
    assert await store.facts(desk.pool, name) == facts
    assert await attempts(desk) == tried


async def test_a_changed_text_voids_positions_and_tells_their_author(
    desk: Desk,
) -> None:
    name, text = await drafted(desk)
    body = {"hash": text, "position": "endorse"}
    await desk.taken(f"/items/{name}/position", body, KS)
    newer = {"kind": "draft", "advice": {**ADVICE, "band": "now"}}
    await desk.by_both(f"/items/{name}", newer)

    on_old = await desk.send(f"/items/{name}/position", body, AID)

    assert (on_old.status_code, on_old.json()["rule"]) == (409, "old_text")
    told = (await desk.read(f"/items/{name}", KS))["void_positions_of_yours"]
    assert [each["hash"] for each in told] == [text]
    assert (await desk.read(f"/items/{name}", AID))["void_positions_of_yours"] == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE fact SET name = 'x'",
        "DELETE FROM fact",
        "TRUNCATE fact",
        "UPDATE attempt SET rule = 'x'",
        "DELETE FROM attempt",
        "DELETE FROM command",
    ],
)
async def test_not_even_the_databases_role_changes_what_was_said(
    desk: Desk, statement: str
) -> None:
    await desk.proposed()

    with pytest.raises(
        (asyncpg.RestrictViolationError, asyncpg.InsufficientPrivilegeError)
    ):
        await desk.pool.execute(statement)


async def test_who_may_not_read_the_initiative_sees_number_and_state_alone(
    desk: Desk,
) -> None:
    name = await desk.proposed()
    await desk.share(f"org:{AID}")

    seen = await desk.read(f"/items/{name}", KS)

    assert seen == {
        "id": name,
        "number": name.split(":")[2].replace("-", "/"),
        "stage": "admitted",
    }
    listed = await desk.read("/items", KS)
    assert seen in listed["items"]
    answer = await desk.send(f"/items/{name}/prepare", {"act": PAPER}, KS)
    assert answer.status_code == 403
    assert "state" not in answer.json()


async def test_the_owner_reads_the_question_and_what_is_given_and_no_more(
    desk: Desk,
) -> None:
    """Digdir owns one of the two initiatives and takes no part in the arena."""
    own = f"{DIGDIR}:samordning"
    await desk.share("municipal", "state", initiative=own)
    name = await desk.proposed(initiatives=sorted([INITIATIVE, own]))
    await desk.share(f"org:{AID}", f"org:{KS}")
    await desk.by_both(f"/items/{name}", PAPER)
    claims = {"scope": "tidlig:initiatives.read"}
    headers = desk.token(DIGDIR, **claims)

    answer = (await desk.client.get(f"/items/{name}", headers=headers)).json()

    assert set(answer) == {"id", "number", "stage", "question", "initiatives", "issued"}
    assert answer["initiatives"] == [own]
    assert answer["issued"] == []


async def test_advice_opens_what_is_given_to_whom_it_is_given(desk: Desk) -> None:
    inside, _ = await issued(desk)
    given, _ = await issued(desk, "municipal")
    headers = desk.token(NARVIK, "tidlig:initiatives.read")

    within = await desk.client.get(f"/items/{inside}", headers=headers)
    outside = (await desk.client.get(f"/items/{given}", headers=headers)).json()

    assert within.status_code == 404
    assert set(outside) == {"id", "number", "stage", "issued"}
    assert outside["issued"][0]["positions"]["municipal"]["text"] == DISSENT
    state_body = desk.token(DIGDIR, "tidlig:initiatives.read")
    answer = await desk.client.get(f"/items/{given}", headers=state_body)
    assert answer.status_code == 404


async def test_a_stranger_and_an_unknown_item_are_answered_alike(desk: Desk) -> None:
    name = await desk.proposed()
    headers = desk.token(DIGDIR, "tidlig:initiatives.read")

    answers = [
        await desk.client.get(f"/items/{each}", headers=headers)
        for each in (name, "item:nav:9999-26")
    ]

    assert [each.status_code for each in answers] == [404, 404]
    assert answers[0].content == answers[1].content


# -- scores --------------------------------------------------------------------------

CARD = dict.fromkeys(
    (
        "user_need",
        "reach",
        "small_municipalities",
        "benefit_cost",
        "strategy_goal",
        "trust_reform",
        "legal_readiness",
        "common_components",
        "success_factors",
        "low_dependency_risk",
    ),
    3,
)
CANARY = "0c0ffee0c0ffee0c0ffee0c0ffee0c0f"


async def committed(desk: Desk) -> str:
    name = await desk.proposed()
    act = {"kind": "scoring", "criteria": "criteria-1"}
    await desk.by_both(f"/items/{name}", act)
    for orgnr, line, nonce in ((AID, "state", CANARY), (KS, "municipal", "f" * 32)):
        bound = commitment(nonce, line, name, "criteria-1", 1, CARD)  # type: ignore[arg-type]
        await desk.taken(f"/items/{name}/commit", {"round": 1, "hash": bound}, orgnr)
    return name


async def every_answer(desk: Desk, name: str) -> list[str]:
    """Every route that reads, to both lines, and every refusal that can be had."""
    texts = []
    reading = [
        f"/items/{name}",
        "/items",
        "/meetings",
        "/agenda",
        "/ranking",
        f"/ranking/why?one={name}&another={name}",
        "/follow-through",
        "/metrics",
        "/ready",
        "/openapi.json",
    ]
    for orgnr in (AID, KS, NAV):
        for path in reading:
            answer = await desk.client.get(path, headers=desk.token(orgnr))
            texts.append(answer.text + str(answer.headers))
    wrong = {"round": 1, "nonce": "e" * 32, "scorecard": CARD}
    for path, body in (
        (f"/items/{name}/reveal", wrong),
        (f"/items/{name}/commit", {"round": 1, "hash": "a" * 64}),
        (f"/items/{name}/admit", {}),
        (f"/items/{name}/fund", {}),
    ):
        texts.append((await desk.send(path, body, KS)).text)
    return texts


async def test_a_sealed_scorecard_is_nowhere_to_be_had(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not over HTTP, in a table, in what is announced, in a log, nor in an error."""
    name = await committed(desk)
    reveal = {"round": 1, "nonce": CANARY, "scorecard": CARD}
    sealed = await desk.send(f"/items/{name}/reveal", reveal, AID)
    assert sealed.status_code == 200
    assert CANARY not in sealed.text

    for text in await every_answer(desk, name):
        assert CANARY not in text
    tables = await desk.fetch(
        "SELECT table_name FROM information_schema.tables"
        " WHERE table_schema = 'consultation' AND table_type = 'BASE TABLE'"
    )
    assert {"fact", "sealed", "outbox", "command"} <= {row[0] for row in tables}
    for (table,) in tables:
        for row in await desk.fetch(f"SELECT * FROM {table}"):
            for value in row.values():
                raw = value if isinstance(value, bytes) else str(value).encode()
                assert CANARY.encode() not in raw, table
                assert bytes.fromhex(CANARY) not in raw, table
    captured = capsys.readouterr()
    assert CANARY not in captured.out + captured.err
    # and once both are opened it is there for anybody to check
    other = {"round": 1, "nonce": "f" * 32, "scorecard": CARD}
    opened = await desk.send(f"/items/{name}/reveal", other, KS)
    assert CANARY in opened.text


async def test_the_sealed_card_is_of_one_length_and_bound_to_its_place(
    desk: Desk,
) -> None:
    name = await committed(desk)
    reveal = {"round": 1, "nonce": CANARY, "scorecard": CARD}
    await desk.taken(f"/items/{name}/reveal", reveal, AID)
    sealed = await store.sealed(await desk.pool.acquire(), name, 1)
    seal = desk.consultation.office.seal

    card = seal.opened(name, 1, "state", sealed["state"])

    assert card.nonce == CANARY
    with pytest.raises(InvalidTag):
        seal.opened(name, 1, "municipal", sealed["state"])
    assert len({len(each) for each in sealed.values()}) == 1


async def test_a_copied_or_guessed_commitment_opens_nothing(desk: Desk) -> None:
    name = await desk.proposed()
    act = {"kind": "scoring", "criteria": "criteria-1"}
    await desk.by_both(f"/items/{name}", act)
    bound = commitment(CANARY, "state", name, "criteria-1", 1, CARD)
    await desk.taken(f"/items/{name}/commit", {"round": 1, "hash": bound}, AID)

    copied = await desk.send(f"/items/{name}/commit", {"round": 1, "hash": bound}, KS)
    short = {"round": 1, "nonce": "1", "scorecard": CARD}
    guessed = await desk.send(f"/items/{name}/reveal", short, KS)

    assert (copied.status_code, copied.json()["rule"]) == (422, "copied_commitment")
    assert guessed.status_code == 400


async def test_the_ranking_has_no_blended_number(desk: Desk) -> None:
    name = await committed(desk)
    for orgnr, nonce in ((AID, CANARY), (KS, "f" * 32)):
        body = {"round": 1, "nonce": nonce, "scorecard": CARD}
        await desk.taken(f"/items/{name}/reveal", body, orgnr)

    found = await desk.read("/ranking", AID, params={"k": 1})

    (placed,) = (each for each in found["placed"] if each["scored"]["item"] == name)
    assert set(placed) == {"scored", "layer", "best", "worst"}
    assert set(placed["scored"]) == {"item", "state", "municipal"}


# -- deadlines -----------------------------------------------------------------------


async def facts_named(desk: Desk, name: str, what: str) -> list[Json]:
    found = await desk.fetch(
        "SELECT value FROM fact WHERE subject = $1 AND name = $2 ORDER BY turn",
        name,
        what,
    )
    return [dict(row) for row in found]


async def test_silence_fires_once_with_several_replicas_after_days_of_downtime(
    desk: Desk,
) -> None:
    name, text = await drafted(desk)
    await desk.taken(
        f"/items/{name}/position", {"hash": text, "position": "endorse"}, AID
    )
    desk.now[0] += timedelta(days=40)

    looks = [desk.watch().look() for _ in range(3)]
    await asyncio.gather(*looks)
    await desk.watch().look()

    assert len(await facts_named(desk, name, "silence.noted")) == 1
    state = await desk.read(f"/items/{name}", AID)
    assert state["draft"]["positions"]["municipal"]["position"] == "no_position"


async def test_nothing_is_said_before_every_partition_was_read_past_it(
    desk: Desk,
) -> None:
    name, _ = await drafted(desk)
    desk.now[0] += timedelta(days=40)
    behind = Place("tidlig.state.v1", "some-id", 3)

    async def ends() -> dict[Place, int]:
        return {behind: 7}

    assert await desk.watch(ends).look() == 0
    assert await facts_named(desk, name, "silence.noted") == []
    await desk.pool.execute(
        "UPDATE checkpoint SET next = 7 WHERE topic_id = 'some-id' AND partition = 3"
    )
    assert await desk.watch(ends).look() > 0
    assert len(await facts_named(desk, name, "silence.noted")) == 2


async def test_nothing_is_said_against_anybody_whose_facts_are_parked(
    desk: Desk,
) -> None:
    name, _ = await drafted(desk)
    desk.now[0] += timedelta(days=40)
    await desk.pool.execute(
        "INSERT INTO parked (group_id, mark, topic, topic_id, partition, position,"
        " appended, speaker, subject, source, fact_id, type, value, error_class, place)"
        " VALUES ('consultation', 'm', 't', 'i', 0, 0, now(), $1, $2, 's', 'f', 'x',"
        " 'v', 'ValueError', 'here')",
        KS,
        INITIATIVE,
    )

    await desk.watch().look()
    said_while_parked = await facts_named(desk, name, "silence.noted")
    await desk.pool.execute("DELETE FROM parked")
    await desk.watch().look()

    assert said_while_parked == []
    assert len(await facts_named(desk, name, "silence.noted")) == 2


async def test_overdue_comes_after_ninety_days_and_back_on_the_agenda(
    desk: Desk,
) -> None:
    name, _ = await issued(desk)
    desk.now[0] += timedelta(days=89)
    await desk.watch().look()
    assert await facts_named(desk, name, "duty.overdue") == []

    desk.now[0] += timedelta(days=3)
    await desk.watch().look()

    assert len(await facts_named(desk, name, "duty.overdue")) == 2
    suggested = (await desk.read("/agenda", AID))["suggestions"]
    assert "overdue" in next(e["reasons"] for e in suggested if e["item"] == name)


# -- minutes -------------------------------------------------------------------------


async def test_minutes_are_made_from_the_facts_and_approved_by_both(
    desk: Desk,
) -> None:
    name = await heard(desk)
    meeting = (await desk.read(f"/items/{name}", AID))["meetings"][0]
    place = f"/meetings/{meeting}"

    found = await desk.read(f"{place}/minutes", AID)
    wrong = {"act": {"kind": "minutes", "hash": "0" * 64}}
    refused = await desk.send(f"{place}/prepare", wrong, AID)
    act = {"kind": "minutes", "hash": found["hash"]}
    state = await desk.by_both(place, act)

    assert found["items"][0]["question"] == "Bør søknaden prioriteres?"
    assert (refused.status_code, refused.json()["rule"]) == (409, "old_text")
    assert state["stage"] == "minuted"
    await desk.taken(f"{place}/correct", {"text": "Fem møtte, ikke tre."}, KS)
    corrected = await desk.read(f"{place}/minutes", AID)
    assert corrected["hash"] != found["hash"]
    assert corrected["corrections"] == [["municipal", "Fem møtte, ikke tre."]]


async def test_minutes_show_nothing_of_an_item_that_may_not_be_read(
    desk: Desk,
) -> None:
    name = await heard(desk)
    meeting = (await desk.read(f"/items/{name}", AID))["meetings"][0]
    await desk.share(f"org:{AID}")

    found = await desk.read(f"/meetings/{meeting}/minutes", KS)

    assert found["items"] == [
        {
            "number": name.split(":")[2].replace("-", "/"),
            "stage": "heard",
            "heard": True,
        }
    ]


async def test_a_token_of_no_scope_reads_nothing(desk: Desk) -> None:
    headers = desk.token(AID, "tidlig:events.publish")

    answer = await desk.client.get("/items", headers=headers)

    assert answer.status_code == 403
    assert SCOPES
    assert (await desk.client.get("/items")).status_code == 401


async def test_minutes_are_had_as_html_and_as_pdf(desk: Desk) -> None:
    name = await heard(desk)
    meeting = (await desk.read(f"/items/{name}", AID))["meetings"][0]
    path, headers = f"/meetings/{meeting}/minutes", desk.token(KS)

    html = await desk.client.get(path, headers=headers, params={"format": "html"})
    pdf = await desk.client.get(path, headers=headers, params={"format": "pdf"})

    assert html.headers["content-type"].startswith("text/html")
    assert "Bør søknaden prioriteres?" in html.text
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")


async def test_the_chair_is_never_taken_twice_in_a_row(desk: Desk) -> None:
    day = desk.now[0].date().isoformat()
    act = {"kind": "schedule", "arena": "nav", "day": day}
    called = [await desk.taken("/meetings", {"act": act}, AID) for _ in range(4)]

    approvals = [
        desk.send(
            f"/meetings/{each['id']}/approve",
            {"hash": each["pending"]["schedule"]["hash"]},
            KS,
        )
        for each in called
    ]
    chairs = [a.json()["state"]["chair"] for a in await asyncio.gather(*approvals)]

    assert sorted(chairs) == ["municipal", "municipal", "state", "state"]


# -- faults --------------------------------------------------------------------------


class Killed(Exception):
    """As if the process had ended here."""


@pytest.mark.parametrize(
    "step",
    [
        "services.consultation.store.add_fact",
        "services.consultation.store.save",
        "services.kit.outbox.append",
        "services.consultation.store.add_command",
    ],
)
async def test_a_command_that_ends_between_two_steps_leaves_nothing_half_done(
    desk: Desk, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facts, state, announcement and command stand or fall together."""
    name, text = await drafted(desk)
    key, seen = uuid4(), desk.seen[name]
    body = {"hash": text, "position": "endorse"}
    facts = await store.facts(desk.pool, name)
    stored = await store.boards(desk.pool, [name])

    async def killed(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(step, killed)
        broken = await desk.send(f"/items/{name}/position", body, AID, key=key)
    assert broken.status_code == 500
    assert await store.facts(desk.pool, name) == facts
    assert await store.boards(desk.pool, [name]) == stored

    again = await desk.send(f"/items/{name}/position", body, AID, key=key, seen=seen)

    assert again.status_code == 200
    after = await store.facts(desk.pool, name)
    assert [each.name for each in after[len(facts) :]] == ["advice.position.recorded"]


async def test_a_national_identity_number_in_a_text_is_refused_and_not_kept(
    desk: Desk,
) -> None:
    name, text = await drafted(desk)
    body = {"hash": text, "text": "Gjelder 13097248022, se vedlegg."}

    answer = await desk.send(f"/items/{name}/challenge", body, KS)

    assert (answer.status_code, answer.json()["rule"]) == (422, "national_id")
    assert "13097248022" not in answer.text
