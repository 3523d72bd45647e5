"""HTTP's binary content mode: attributes in `ce-` headers, the body is `data`."""

from urllib.parse import quote

import httpx
import orjson
import pytest

from schemas.admission import admit
from schemas.envelope import read
from schemas.fact import Fact
from services.intake.binary import Undecodable, decoded
from tests.schemas.said import AID, KS, NAV, RIKSREVISJONEN, example, examples
from tests.schemas.test_strict_json import national_ids

from .conftest import Emitter, Json, fault_codes

DATA = b'{"title": "T", "problem":"P",\n "contact_role": "R"}'
PRINTABLE = "".join(chr(n) for n in range(0x21, 0x7F) if chr(n) not in '"%')


def headers_of(event: Json, **changed: str | None) -> dict[str, str]:
    """The event's attributes as headers; None leaves one out."""
    said = {k: v for k, v in event.items() if k not in ("data", "datacontenttype")}
    kept = {k: v for k, v in {**said, **changed}.items() if v is not None}
    found = {f"ce-{name}": quote(v, safe=PRINTABLE) for name, v in kept.items()}
    return {**found, "Content-Type": "application/json"}


async def emit(
    emitter: Emitter,
    body: bytes,
    headers: dict[str, str] | list[tuple[bytes, bytes]],
    orgnr: str = NAV,
) -> httpx.Response:
    pairs = (
        headers
        if isinstance(headers, list)
        else [(k.encode(), v.encode()) for k, v in headers.items()]
    )
    token = [(k.encode(), v.encode()) for k, v in emitter.issuer.bearer(orgnr).items()]
    return await emitter.client.post("/events", content=body, headers=[*token, *pairs])


async def record_of(emitter: Emitter) -> bytes:
    async with emitter.stack.connection("intake") as conn:
        found: bytes = await conn.fetchval("SELECT record FROM receipt")
    return found


REGISTERED = example("initiative.registered")


async def test_the_body_is_kept_byte_for_byte_as_data_and_consumers_admit_it(
    emitter: Emitter,
) -> None:
    answer = await emit(emitter, DATA + b"\n", headers_of(REGISTERED))

    assert answer.status_code == 202, answer.text
    record = await record_of(emitter)
    assert read(record).data_bytes == DATA
    fact = admit(record, (), "tidlig.state.v1", REGISTERED["subject"].encode())
    assert isinstance(fact, Fact), fact
    assert fact.data_bytes == DATA
    assert fact.attributes["datacontenttype"] == "application/json"


@pytest.mark.parametrize("named", list(examples()), ids=lambda named: named[0])
async def test_every_published_example_says_the_same_in_either_mode(
    emitter: Emitter, named: tuple[str, Json]
) -> None:
    _, event = named
    speaker = event["source"].split(":")[2]
    orgnr = speaker if speaker.isdigit() else NAV
    structured = await emitter.emit(event, orgnr)
    body = orjson.dumps(event["data"])

    binary = await emit(emitter, body, headers_of(event), orgnr)

    assert binary.status_code == structured.status_code
    if binary.status_code == 202:
        (first,), (again,) = structured.json()["receipts"], binary.json()["receipts"]
        assert again["receipt"] == first["receipt"]
        assert again["accepted_before"] is True
    else:
        assert fault_codes(binary) == fault_codes(structured)


REFUSED: list[tuple[str, dict[str, str | None], tuple[str, str]]] = [
    ("no id", {"id": None}, ("missing", "/id")),
    ("no version", {"specversion": None}, ("missing", "/specversion")),
    ("another version", {"specversion": "0.3"}, ("specversion", "/specversion")),
    ("intake's own", {"partyline": "state"}, ("added_by_intake", "/partyline")),
    ("intake's number", {"ruleset": "1"}, ("added_by_intake", "/ruleset")),
    ("nobody's", {"sequence": "7"}, ("unknown_attribute", "/sequence")),
    ("data in base64", {"data_base64": "e30="}, ("data_base64", "/data_base64")),
    ("data in a header", {"data": "x"}, ("misplaced", "/data")),
    ("no zone", {"time": "2026-09-14T08:30:00"}, ("time", "/time")),
    ("not ASCII", {"actor": "Å"}, ("ill_formed", "/actor")),
    ("a grant's word", {"audience": "municipal"}, ("audience", "/audience")),
]


@pytest.mark.parametrize(("what", "change", "fault"), REFUSED)
async def test_a_faulty_header_is_pointed_at(
    emitter: Emitter, what: str, change: dict[str, str | None], fault: tuple[str, str]
) -> None:
    answer = await emit(emitter, DATA, headers_of(REGISTERED, **change))

    assert answer.status_code == 422, what
    assert fault_codes(answer) == {fault}
    assert await emitter.count("receipt") == 0


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        (b"ce-id", b"%zz", "header_encoding"),
        (b"ce-id", b"100%", "header_encoding"),
        (b"ce-id", b"%C0%A0", "header_encoding"),
        (b"ce-id", "Å".encode(), "header_encoding"),
        (b"ce-subject", b"again", "duplicate_key"),
        (b"ce-datacontenttype", b"application/json", "misplaced"),
    ],
)
async def test_what_headers_cannot_say_is_refused(
    emitter: Emitter, name: bytes, value: bytes, code: str
) -> None:
    said = headers_of(REGISTERED, id=None)
    pairs = [(k.encode(), v.encode()) for k, v in said.items()]

    answer = await emit(emitter, DATA, [*pairs, (name, value)])

    assert answer.status_code == 422
    pointer = "/" + name.decode().removeprefix("ce-")
    assert fault_codes(answer) == {(code, pointer)}


BAD_DATA = [
    (b"{", 400, ("not_json", "/data")),
    (b'{"a": 1}, "subject": "x"', 400, ("not_json", "/data")),
    (b'{}, "partyline": "state", "b": {}', 400, ("not_json", "/data")),
    (b'"\xe6"', 400, ("not_json", "/data")),
    (b"", 422, ("missing", "/data")),
    (b" \n", 422, ("missing", "/data")),
    (b'{"a": 1, "a": 2}', 422, ("duplicate_key", "/data")),
    (b'{"a": "\\u0000"}', 422, ("nul", "/data/a")),
    (b"[" * 20 + b"]" * 20, 422, ("too_deep", "")),
]


@pytest.mark.parametrize(("body", "status", "fault"), BAD_DATA)
async def test_a_body_that_is_no_data_is_refused_and_never_becomes_an_attribute(
    emitter: Emitter, body: bytes, status: int, fault: tuple[str, str]
) -> None:
    answer = await emit(emitter, body, headers_of(REGISTERED))

    assert answer.status_code == status
    assert fault_codes(answer) == {fault}
    assert await emitter.count("receipt") == 0


async def test_faults_are_answered_in_the_same_order_as_in_structured_mode(
    emitter: Emitter,
) -> None:
    said = headers_of(REGISTERED)
    text = {**said, "Content-Type": "text/plain"}
    reading = emitter.issuer.bearer(NAV, "tidlig:initiatives.read")

    async def status(
        body: bytes, headers: dict[str, str], token: dict[str, str]
    ) -> int:
        sent = await emitter.client.post(
            "/events", content=body, headers={**headers, **token}
        )
        return sent.status_code

    mine = emitter.issuer.bearer(NAV)
    assert await status(b"{", text, {}) == 401
    assert await status(b" " * 1_100_000, text, mine) == 413
    assert await status(b"{" * 70_000, said, mine) == 413
    assert await status(b"{", text, mine) == 415
    assert await status(b"{", said, reading) == 400
    assert await status(DATA, {**said, "ce-id": "%"}, reading) == 403
    assert await status(DATA, {**said, "ce-source": f"urn:orgnr:{AID}:x"}, mine) == 403
    assert await status(b"{}", said, mine) == 422
    assert await status(DATA, said, mine) == 202
    assert await status(DATA.replace(b"T", b"U"), said, mine) == 409


async def test_headers_count_towards_the_size_of_an_event(emitter: Emitter) -> None:
    long = headers_of(REGISTERED, actor="a" * 70_000)
    many = {f"ce-x{n}": "a" * 100 for n in range(700)}

    answers = [
        await emit(emitter, DATA, long),
        await emit(emitter, DATA, {**headers_of(REGISTERED), **many}),
    ]

    assert [answer.status_code for answer in answers] == [413, 413]


async def test_without_ce_headers_a_json_body_is_no_event(emitter: Emitter) -> None:
    answer = await emit(emitter, DATA, {"Content-Type": "application/json"})

    assert answer.status_code == 415
    assert "application/json" in answer.headers["accept-post"]


async def test_the_media_type_of_structured_mode_wins_over_headers(
    emitter: Emitter,
) -> None:
    """The binding tells the mode by the media type first."""
    answer = await emitter.emit(REGISTERED, headers={"ce-id": "another"})

    assert answer.json()["receipts"][0]["id"] == REGISTERED["id"]


async def test_nobody_speaks_for_another_in_headers_either(emitter: Emitter) -> None:
    other = headers_of(REGISTERED, source=f"urn:orgnr:{KS}:x")
    reader = headers_of(REGISTERED, source=f"urn:orgnr:{RIKSREVISJONEN}:x")

    assert (await emit(emitter, DATA, other, KS)).status_code == 403
    assert (await emit(emitter, DATA, reader, NAV)).status_code == 403


async def test_a_refused_attempt_is_found_by_what_the_headers_named(
    emitter: Emitter,
) -> None:
    number = national_ids()[0]
    body = orjson.dumps({"id": "of the data", "subject": number})

    await emit(emitter, body, headers_of(REGISTERED, id="min%egen"))
    hidden = "".join(f"%{ord(digit):02X}" for digit in number)
    await emit(emitter, body, {**headers_of(REGISTERED), "ce-id": hidden})

    kept = await emitter.get("/receipts?status=refused")
    names = [each["id"] for each in kept.json()["receipts"]]
    assert names == ["withheld", "min%egen"]
    assert number not in kept.text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"plain", "plain"),
        (b"Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        (b"%25", "%"),
        (b"%2541", "%41"),
        (b"%61%4a", "aJ"),
        (b'"quoted \\"word\\""', 'quoted "word"'),
        (b'"open', '"open'),
    ],
)
def test_a_header_is_unquoted_and_decoded_once(value: bytes, text: str) -> None:
    assert decoded(value) == text


@pytest.mark.parametrize("value", [b"%", b"%4", b"%c3", b"%ED%A0%80", b"\xc3\x85"])
def test_a_header_that_is_no_text_is_refused(value: bytes) -> None:
    with pytest.raises(Undecodable):
        decoded(value)
