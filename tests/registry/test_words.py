"""Words to search by, of all that is stored together."""

from hypothesis import given
from hypothesis import strategies as st

from services.registry.words import days_in, words_in

# signs whose reading rests on their neighbours, and what may lie between words
ODD = st.text(
    st.sampled_from("aΣσς\u0301\u0338 İiIß½²一٣\n\u0307ſ\u200d\u00ad-_"), max_size=6
)
TEXTS = st.lists(ODD | st.text(max_size=5), max_size=5)


@given(TEXTS)
def test_each_text_is_read_as_if_it_stood_alone(texts: list[str]) -> None:
    alone = {word for text in texts for word in words_in(text)}

    assert words_in(texts) == sorted(alone)


def test_texts_numbers_and_truths_are_found_wherever_they_lie() -> None:
    said = {"tittel": "Ny søknad", "i": [{"antall": 12, "klar": True}, None, ("x²y",)]}

    assert words_in(said) == ["12", "ny", "søknad", "true", "x", "y"]


def test_days_are_those_of_days_and_of_moments() -> None:
    said = ["2026-11-25", {"da": "2027-01-01T00:30:00+01:00"}, "2026-13-01", 20261125]

    assert {str(day) for day in days_in(said)} == {"2026-11-25", "2027-01-01"}
