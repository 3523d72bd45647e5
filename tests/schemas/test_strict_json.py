"""JSON that all read alike, and national identity numbers that never get in."""

import json
from collections.abc import Callable
from functools import cache

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import national_id, strict_json

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(
                st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
                max_size=5,
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON, st.booleans())
def test_what_any_json_library_writes_is_read_as_it_was_meant(
    value: object, ascii_only: bool
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only).encode()

    assert strict_json.parse(text) == value


# what a writer may do that another would not
WRITTEN = st.lists(
    st.sampled_from(
        [
            *(b"{}[],: " + b"0123456789"),
            *(b'"a"', b'"a":', b'"b":1', b'"\\u0061"', b'"\\n"', b'"\xc3\xa6"'),
            *(
                b"-0",
                b"1.0",
                b"1e5",
                b"0.1",
                b"9007199254740993",
                b"18446744073709551615",
            ),
            *(b"true", b"null", b"NaN", b"\x00", b"\xff", b"[" * 19, b"]" * 19),
        ]
    ),
    max_size=12,
).map(lambda parts: b"".join(p if isinstance(p, bytes) else bytes([p]) for p in parts))


def verdict(read: Callable[[bytes], object], text: bytes) -> object:
    try:
        return repr(read(text))
    except strict_json.NotStrict as refused:
        return refused.code, refused.detail, refused.pointer


def slowly(text: bytes) -> object:
    return strict_json.checked(strict_json.parse_slowly(text), text)


@given(WRITTEN | JSON.map(orjson.dumps) | st.binary(max_size=8))
def test_the_quick_reader_judges_as_the_one_that_sees_each_sign(text: bytes) -> None:
    assert verdict(strict_json.parse, text) == verdict(slowly, text)


@pytest.mark.parametrize(
    "text",
    [
        b"9007199254740993",
        b"[9007199254740993]",
        b"[1,-9007199254740993]",
        b'{"sum":9007199254740993}',
    ],
)
def test_a_whole_number_that_no_double_holds_is_found_wherever_it_stands(
    text: bytes,
) -> None:
    with pytest.raises(strict_json.NotStrict, match="double"):
        strict_json.parse(text)


def test_a_text_of_many_digits_is_no_number_and_is_read_quickly() -> None:
    text = b'{"datasalt":"00000000000000000000000000000001","data":[1,2.5]}'

    assert strict_json.parse_quickly(text) == orjson.loads(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"{", "not_json"),
        (b'"\xe6"', "not_json"),
        (b"NaN", "not_json"),
        (b'{"a":1,"a":2}', "duplicate_key"),
        (b'{"a":{"b":1,"\\u0062":2}}', "duplicate_key"),
        (b"9007199254740993", "number_not_held"),
        (b"1e400", "number_not_held"),
        (b"1e99999999999999999999", "number_not_held"),
        (b"0e-99999999999999999999", "number_not_held"),
        (b"0.12345678901234567890", "number_not_held"),
        (b"1" * 500, "number_not_held"),
        (b'"a\\u0000b"', "nul"),
        (b'{"\\u0000":1}', "nul"),
        (b'"\\ud800"', "lone_surrogate"),
        (b'{"\\udfff":1}', "lone_surrogate"),
        (b"[" * 21 + b"]" * 21, "too_deep"),
        (b"[" * 30000 + b"]" * 30000, "too_deep"),
    ],
)
def test_json_that_readers_could_read_differently_is_refused(
    text: bytes, code: str
) -> None:
    with pytest.raises(strict_json.NotStrict) as refusal:
        strict_json.parse(text)

    assert refusal.value.code == code


@pytest.mark.parametrize(
    "text",
    [b"[" * 20 + b"]" * 20, b"9007199254740992", b"0.1", b"-0.0", b'"\\ud83d\\ude00"'],
)
def test_unusual_json_that_all_read_alike_is_taken(text: bytes) -> None:
    assert strict_json.parse(text) is not None


# made up for tests: control digits and dates are right, no person is meant
@cache
def national_ids() -> list[str]:
    found = []
    for individual in range(900, 999):
        for first in ("0101", "4101"):
            for check in range(100):
                digits = f"{first}39{individual}{check:02d}"
                if national_id.is_national_id(digits):
                    found.append(digits)
    return found


def test_a_national_identity_number_or_d_number_is_found_however_it_stands() -> None:
    numbers = national_ids()

    assert len(numbers) > 100
    for number in numbers:
        spaced = f"født {number[:6]} {number[6:]}, bor i Bodø"
        assert national_id.holds_national_id(spaced)
        assert national_id.may_hold_national_id(spaced.encode())
        assert list(national_id.places({"a": ["x", number]}, "")) == ["/a/1"]
        assert list(national_id.places({"n": int("1" + number)}, "")) == []
        assert not national_id.holds_national_id("7" + number)


@given(st.text(max_size=60))
def test_the_quick_look_never_misses_what_the_exact_one_finds(text: str) -> None:
    number = national_ids()[0]
    for value in (text, text + number, number + text):
        if national_id.holds_national_id(value):
            assert national_id.may_hold_national_id(value.encode())
