"""Emitting: what is accepted is durable, what is refused says what to mend."""

import asyncio
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from schemas.envelope import BATCH_MEDIA_TYPE, MEDIA_TYPE
from schemas.spoken import SAID_ELSEWHERE
from schemas.types import TYPES
from tests.schemas.said import AID, DIGDIR, KS, NAV, RIKSREVISJONEN, example, examples
from tests.schemas.test_strict_json import national_ids
from tests.stack import Issuer, until

from .conftest import Emitter, Json, fault_codes


async def test_an_accepted_fact_gets_a_receipt_that_tells_where_it_stands(
    emitter: Emitter,
) -> None:
    answer = await emitter.emit(example("initiative.registered"))

    assert answer.status_code == 202, answer.text
    place = answer.headers["location"]

    async def published() -> Json | None:
        found: Json = (await emitter.get(place)).json()
        return found if found["status"] == "published" else None

    receipt = await until(published, what="publication")
    assert receipt["published"]["topic"] == "tidlig.state.v1"
    assert receipt["published"]["offset"] >= 0
    assert receipt["subject"] == f"{NAV}:k7v2qd9x"
    assert await emitter.count("outbox") == 0


SAYABLE = {t for t, row in TYPES.items() if row.group not in SAID_ELSEWHERE}


@pytest.mark.parametrize("named", list(examples()), ids=lambda named: named[0])
async def test_every_published_example_that_a_party_says_is_accepted(
    emitter: Emitter, named: tuple[str, Json]
) -> None:
    _, event = named
    if event["type"] not in SAYABLE:
        speaker = event["source"].split(":")[2]
        answer = await emitter.emit(event, speaker if speaker.isdigit() else NAV)
        assert answer.status_code == 422
        return

    answer = await emitter.emit(event, event["source"].split(":")[2])

    assert answer.status_code == 202, answer.text


async def test_the_same_fact_again_gets_the_first_receipt_and_other_words_409(
    emitter: Emitter,
) -> None:
    event = example("initiative.registered")
    first = (await emitter.emit(event)).json()["receipts"][0]
    spaced = orjson.dumps(event, option=orjson.OPT_INDENT_2)

    again = await emitter.emit(spaced)
    other = await emitter.emit(event | {"time": "2026-09-14T08:30:01+02:00"})

    assert again.status_code == 202
    assert again.json()["receipts"][0]["receipt"] == first["receipt"]
    assert again.json()["receipts"][0]["accepted_before"] is True
    assert other.status_code == 409
    assert fault_codes(other) == {("id_reused", "/id")}
    assert await emitter.count("receipt") == 1


async def test_the_same_fact_sent_by_many_at_once_is_accepted_once(
    emitter: Emitter,
) -> None:
    event = example("initiative.registered")

    answers = await asyncio.gather(*(emitter.emit(event) for _ in range(12)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({a.json()["receipts"][0]["receipt"] for a in answers}) == 1
    assert await emitter.count("receipt") == 1


async def test_a_batch_is_all_or_nothing(emitter: Emitter) -> None:
    good = example("initiative.registered")
    bad = example("initiative.amended") | {"data": {"changes": {"titel": "x"}}}

    refused = await emitter.emit([good, bad])
    accepted = await emitter.emit([good, example("initiative.shared")])

    assert refused.status_code == 422
    assert fault_codes(refused) == {("extra_forbidden", "/1/data/changes/titel")}
    assert accepted.status_code == 202
    assert [r["subject"] for r in accepted.json()["receipts"]] == [good["subject"]] * 2
    assert await emitter.count("receipt") == 2


async def test_an_id_used_twice_in_a_batch_for_other_words_refuses_the_batch(
    emitter: Emitter,
) -> None:
    event = example("initiative.registered")

    answer = await emitter.emit([event, event, event | {"visibility": "own"}])

    assert answer.status_code == 409
    assert fault_codes(answer) == {("id_reused", "/2/id")}
    assert await emitter.count("receipt") == 0


async def test_a_dry_run_says_what_would_happen_and_keeps_nothing(
    emitter: Emitter,
) -> None:
    event = example("initiative.registered")

    would = await emitter.emit(event, params={"dry_run": True})
    would_not = await emitter.emit(event | {"type": "x"}, params={"dry_run": True})

    assert would.status_code == 200
    assert would.json()["would_accept"][0]["accepted_before"] is False
    assert would_not.status_code == 422
    assert await emitter.count("receipt") == 0
    assert await emitter.count("refused") == 0


BIG = b'{"data": "' + b"x" * 70_000 + b'"}'
MUCH = b"[" + b" " * 1_100_000 + b"]"
TEXT = {"Content-Type": "text/plain"}
BATCH = {"Content-Type": BATCH_MEDIA_TYPE}
UNSUPPORTED = "unsupported_media_type"
REFUSED: list[tuple[str, bytes, dict[str, str], int, str]] = [
    ("invalid JSON", b"{", {}, 400, "not_json"),
    ("not UTF-8", b'{"a": "\xe6"}', {}, 400, "not_json"),
    ("the wrong media type", b"{}", TEXT, 415, UNSUPPORTED),
    ("no media type", b"{}", {"Content-Type": ""}, 415, UNSUPPORTED),
    ("an event too large", BIG, {}, 413, "too_large"),
    ("a request too large", MUCH, {}, 413, "too_large"),
    ("too large comes before the media type", MUCH, TEXT, 413, "too_large"),
    ("the media type comes before the JSON", b"{", TEXT, 415, UNSUPPORTED),
    ("a batch that is no array", b"{}", BATCH, 400, "not_json"),
    ("a name said twice", b'{"a": 1, "a": 2}', {}, 422, "invalid_event"),
    ("no object", b"7", {}, 422, "invalid_event"),
]


@pytest.mark.parametrize(("what", "body", "headers", "status", "code"), REFUSED)
async def test_what_cannot_be_read_is_refused_and_says_what_to_mend(
    emitter: Emitter,
    what: str,
    body: bytes,
    headers: dict[str, str],
    status: int,
    code: str,
) -> None:
    answer = await emitter.emit(body, headers=headers)

    assert answer.status_code == status, what
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"urn:tidlig:problem:{code}"
    assert problem["detail"]
    assert await emitter.count("receipt") == 0
    assert await emitter.count("refused") == 1


async def test_a_batch_of_more_than_500_is_refused(emitter: Emitter) -> None:
    answer = await emitter.emit([{} for _ in range(501)])

    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("change", "orgnr", "status", "code"),
    [
        ({"source": f"urn:orgnr:{AID}:x"}, NAV, 403, "not_your_source"),
        ({"source": f"urn:orgnr:{AID}:x"}, AID, 403, "not_the_owner"),
        (
            {
                "source": f"urn:orgnr:{RIKSREVISJONEN}:x",
                "subject": f"{RIKSREVISJONEN}:x",
            },
            RIKSREVISJONEN,
            403,
            "no_line",
        ),
        (
            {"source": "urn:orgnr:923609016:x", "subject": "923609016:x"},
            "923609016",
            403,
            "unknown_speaker",
        ),
        ({"source": "urn:orgnr:889640781:x"}, NAV, 422, "invalid_event"),
        ({"partyline": "state"}, NAV, 422, "invalid_event"),
        ({"type": "no.tidlig.initiative.approved.v1"}, NAV, 422, "invalid_event"),
    ],
)
async def test_nobody_speaks_for_another(
    emitter: Emitter, change: Json, orgnr: str, status: int, code: str
) -> None:
    answer = await emitter.emit(example("initiative.registered") | change, orgnr)

    assert answer.status_code == status, answer.text
    assert answer.json()["type"] == f"urn:tidlig:problem:{code}"
    assert answer.json()["faults"]
    assert await emitter.count("receipt") == 0


async def test_without_a_token_that_proves_anything_nothing_is_accepted(
    emitter: Emitter,
) -> None:
    event = orjson.dumps(example("initiative.registered"))
    kind = {"Content-Type": MEDIA_TYPE}
    issuer = emitter.issuer
    hour_ago = int(datetime.now(UTC).timestamp()) - 3600
    tokens: dict[str, dict[str, str]] = {
        "no token": {},
        "another scheme": {"Authorization": "Basic abc"},
        "no JWT": {"Authorization": "Bearer abc"},
        "expired": issuer.bearer(NAV, exp=hour_ago, iat=hour_ago - 60),
        "not yet valid": issuer.bearer(NAV, nbf=hour_ago + 7200),
        "another issuer": issuer.bearer(NAV, iss="https://example.org/"),
        "another audience": issuer.bearer(NAV, aud="https://example.org/"),
        "no organisation": issuer.bearer(NAV, consumer={"ID": "9908:1"}),
        "no expiry": issuer.bearer(NAV, exp=None),
        "signed by somebody else": Issuer(emitter.stack.folder).bearer(NAV),
    }
    for what, headers in tokens.items():
        answer = await emitter.client.post(
            "/events", content=event, headers={**kind, **headers}
        )
        assert answer.status_code == 401, what
        assert answer.headers["www-authenticate"].startswith("Bearer"), what
        assert answer.json()["type"] == "urn:tidlig:problem:unauthorized"
    assert await emitter.count("receipt") == 0
    assert await emitter.count("refused") == len(tokens)


async def test_a_token_without_the_scope_is_refused_after_the_form_was_checked(
    emitter: Emitter,
) -> None:
    event = example("initiative.registered")
    reading = emitter.issuer.bearer(NAV, "tidlig:initiatives.read")

    refused = await emitter.emit(event, headers=reading)
    unreadable = await emitter.emit(b"{", headers=reading)
    listed = await emitter.client.get("/receipts", headers=reading)

    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:tidlig:problem:insufficient_scope"
    assert unreadable.status_code == 400
    assert listed.status_code == 403


async def test_refused_attempts_are_kept_for_their_emitter_and_no_one_else(
    emitter: Emitter,
) -> None:
    event = example("initiative.registered") | {"time": "yesterday"}

    answer = await emitter.emit(event)
    mine = (await emitter.get("/receipts?status=refused")).json()["receipts"]
    one = await emitter.get(answer.headers["location"])
    others = await emitter.get(answer.headers["location"], KS)

    assert [r["receipt"] for r in mine] == [answer.headers["location"].split("/")[-1]]
    assert one.json()["faults"][0]["pointer"] == "/time"
    assert one.json()["id"] == event["id"]
    assert "title" not in one.text
    assert others.status_code == 404


async def test_refused_attempts_never_fill_the_disk(
    emitter: Emitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.intake.store.KEPT_PER_CALLER", 5)

    for n in range(12):
        await emitter.emit(f"not JSON {n}".encode())

    assert await emitter.count("refused") == 5


async def test_a_national_id_number_is_kept_nowhere(emitter: Emitter) -> None:
    number = national_ids()[0]
    event = example("initiative.registered") | {"subject": f"{NAV}:{number}"}
    answer = await emitter.emit(event)
    in_text = await emitter.emit(
        example("initiative.registered", "usual") | {"data": {"title": number}}
    )

    kept = await emitter.get("/receipts?status=refused")

    assert answer.status_code == in_text.status_code == 422
    assert ("national_id", "/subject") in fault_codes(answer)
    assert ("national_id", "/data/title") in fault_codes(in_text)
    assert number not in kept.text


async def test_own_receipts_are_listed_by_status_and_time_a_page_at_a_time(
    emitter: Emitter,
) -> None:
    begin = emitter.now[0]
    for n in range(5):
        emitter.now[0] = begin + timedelta(hours=n)
        event = example("initiative.registered") | {"id": f"n{n}"}
        assert (await emitter.emit(event)).status_code == 202
    since = (begin + timedelta(hours=2)).isoformat().replace("+", "%2B")

    page = (await emitter.get("/receipts?limit=3")).json()
    rest = (await emitter.get(f"/receipts?limit=3&next={page['next']}")).json()
    later = (await emitter.get(f"/receipts?since={since}")).json()
    others = (await emitter.get("/receipts", DIGDIR)).json()
    wrong = await emitter.get("/receipts?since=yesterday")

    assert [r["id"] for r in page["receipts"]] == ["n4", "n3", "n2"]
    assert [r["id"] for r in rest["receipts"]] == ["n1", "n0"]
    assert [r["id"] for r in later["receipts"]] == ["n4", "n3", "n2"]
    assert others["receipts"] == []
    assert wrong.status_code == 400


async def test_31_december_2026_passes_and_nothing_is_refused(emitter: Emitter) -> None:
    emitter.now[0] = datetime(2027, 1, 4, 9, tzinfo=UTC)

    answer = await emitter.emit(example("initiative.registered"))

    assert answer.status_code == 202
    async with emitter.stack.connection("intake") as conn:
        record = await conn.fetchval("SELECT record FROM receipt")
    assert orjson.loads(record)["agreementid"] == "outside_agreement"


async def test_the_types_that_can_be_said_are_shown_with_an_example(
    emitter: Emitter,
) -> None:
    found = (await emitter.client.get("/types")).json()["types"]

    assert {each["type"] for each in found} == SAYABLE
    assert all(each["example"]["type"] == each["type"] for each in found)


async def test_it_is_ready_when_its_work_can_be_done(emitter: Emitter) -> None:
    async def ready() -> bool:
        return (await emitter.client.get("/ready")).status_code == 200

    await until(ready, what="readiness")
    assert (await emitter.client.get("/live")).status_code == 204
    assert "tidlig_facts_accepted_total" in (await emitter.client.get("/metrics")).text


async def test_a_lost_database_is_answered_503_and_no_fact_is_half_accepted(
    emitter: Emitter,
) -> None:
    async with emitter.stack.connection("intake") as conn:
        await conn.execute("ALTER TABLE receipt RENAME TO away")
        away = await emitter.emit(example("initiative.registered"))
        await conn.execute("ALTER TABLE away RENAME TO receipt")

    back = await emitter.emit(example("initiative.registered"))

    assert away.status_code == 503
    assert away.headers["retry-after"]
    assert back.status_code == 202
