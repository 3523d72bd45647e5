"""What intake and the tracker add to what was said: six attributes, and how."""

from hashlib import sha256
from typing import Any

import orjson
import pytest

from schemas import tracker
from schemas.admission import admit
from schemas.envelope import read, stamp
from schemas.fact import Fact, Refusal
from schemas.identity import Ref
from schemas.rulesets import NEWEST
from schemas.topics import TRACKER

from .said import INITIATIVE, KS, NAV, NOW, example

ADDED = {
    "partyline",
    "acceptedtime",
    "agreementid",
    "ruleset",
    "datasalt",
    "datahash",
}
SALT = bytes(range(16))
DATA = b'{ "title" : "K\xc3\xb8",\n "n": 1.0 }'
GRANT = Ref(f"urn:orgnr:{NAV}:saksys", "2")


def said() -> dict[str, Any]:
    return {k: v for k, v in example("initiative.registered").items() if k != "data"}


def made(line: str | None = "state") -> dict[str, Any]:
    record = stamp(
        said(),
        DATA,
        line=line,
        accepted=NOW,
        agreement="ks-aid-2023-2026",
        ruleset=7,
        salt=SALT,
    )
    found: dict[str, Any] = orjson.loads(record)
    return found


def test_it_adds_six_attributes_and_changes_none() -> None:
    record = made()
    added = {name: record[name] for name in record.keys() - said().keys() - {"data"}}

    assert record.keys() - {"data"} == said().keys() | ADDED
    assert {name: record[name] for name in said()} == said()
    assert added == {
        "partyline": "state",
        "acceptedtime": "2026-11-24T12:00:00.000000Z",
        "agreementid": "ks-aid-2023-2026",
        "ruleset": 7,
        "datasalt": SALT.hex(),
        "datahash": sha256(SALT + DATA).hexdigest(),
    }


def test_the_salt_is_of_128_bits() -> None:
    assert len(bytes.fromhex(made()["datasalt"])) * 8 == 128


def observed() -> dict[str, tuple[bytes, bytes]]:
    """Everything that the tracker says, as its own function says it."""
    fact = (Ref(f"urn:orgnr:{NAV}:saksys", "1"), "initiative.registered")
    return {
        "readable": tracker.readable(INITIATIVE, "municipal", [fact], "A" * 22, NOW),
        "received": tracker.received(INITIATIVE, KS, NOW),
        "opened": tracker.share_opened(INITIATIVE, GRANT, NOW),
        "aside": tracker.set_aside("registry", INITIATIVE, fact, "r", NOW, 1),
        "again": tracker.reinstated("registry", INITIATIVE, fact, "r", NOW, 1),
    }


@pytest.mark.parametrize("what", observed())
def test_the_trackers_words_are_stamped_alike_and_have_no_line(what: str) -> None:
    key, value = observed()[what]
    event = read(value)
    salt, data = bytes.fromhex(str(event.attributes["datasalt"])), event.data_bytes
    found = admit(value, (), TRACKER.name, key)

    assert isinstance(found, Fact)
    assert event.attributes.keys() & ADDED == ADDED - {"partyline"}
    assert event.attributes["ruleset"] == NEWEST
    assert len(salt) == 16
    assert event.attributes["datahash"] == sha256(salt + (data or b"")).hexdigest()
    assert str(event.attributes["source"]).startswith("urn:tidlig:")


def test_no_two_salts_are_the_same() -> None:
    salts = {read(value).attributes["datasalt"] for _, value in observed().values()}

    assert len(salts) == len(observed())


def forged(what: str, **change: Any) -> Fact | Refusal:
    """A word of the tracker's with other attributes, stamped as it should be."""
    key, value = observed()[what]
    event = read(value)
    said_ = {k: v for k, v in event.attributes.items() if k not in ADDED} | change
    record = stamp(
        {k: v for k, v in said_.items() if v is not None},
        event.data_bytes or b"",
        line=None,
        accepted=NOW,
        agreement="ks-aid-2023-2026",
        ruleset=NEWEST,
        salt=SALT,
    )
    found = admit(record, (), TRACKER.name, key)
    assert isinstance(found, Fact | Refusal)
    return found


OWNER, TO_KS = f"org:{NAV}", f"org:{KS}"


@pytest.mark.parametrize(
    ("what", "change", "code"),
    [
        ("readable", {"partyline": "state"}, "partyline"),
        ("readable", {"recipients": None}, "recipients"),
        ("readable", {"recipients": "municipal"}, "recipients"),
        ("readable", {"recipients": f"{OWNER} public"}, "recipients"),
        ("readable", {"recipients": f"{OWNER} municipal"}, "recipients"),
        ("received", {"recipients": TO_KS}, "recipients"),
        ("received", {"recipients": f"{TO_KS} {OWNER} state"}, "recipients"),
        ("received", {"recipients": None}, "recipients"),
        ("opened", {"recipients": OWNER}, "recipients"),
        ("readable", {"visibility": "public"}, "visibility"),
        ("received", {"source": "urn:tidlig:2"}, "source"),
    ],
)
def test_a_word_of_the_trackers_names_whom_it_concerns_and_no_one_else(
    what: str, change: dict[str, Any], code: str
) -> None:
    assert isinstance(forged(what), Fact)

    found = forged(what, **change)

    assert isinstance(found, Refusal)
    assert found.reason == code
