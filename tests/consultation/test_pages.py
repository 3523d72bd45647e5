"""Minutes as pages: what was said, escaped, in both languages; and as PDF/A."""

from typing import Any

import pytest

from services.consultation import pages
from services.consultation.policies import read

Json = dict[str, Any]
HOSTILE = '<script>alert("1")</script> #panic("2") $x$ *b* \\ å'


def minutes(**changed: Any) -> Json:
    item = {
        "number": "3/26",
        "question": "Bør søknaden prioriteres?",
        "proposer": "state",
        "heard": True,
        "stage": "decided",
        "band": "next",
        "advice": "Arenaen råder til oppstart i 2028.",
        "positions": {
            "state": ["endorse", None],
            "municipal": ["dissent", "Ikke før driften er avklart."],
        },
        "decisions": [
            ["municipal", "Hovedstyret", "not_adopted", "Uten finansiering."]
        ],
        "follow_up": {"state": "followed", "municipal": "pending"},
        "overdue": ["municipal"],
        "disagreements": [["Driftskostnadene", True]],
    }
    return {
        "number": "2/26",
        "arena": "nav",
        "day": "2026-10-20",
        "chair": "municipal",
        "language": "nb",
        "attendance": {"state": 5, "municipal": 6},
        "items": [item],
        "corrections": [["municipal", "Seks møtte, ikke fem."]],
        "approved": True,
        "hash": "a" * 64,
        **changed,
    }


def test_both_languages_have_the_same_words() -> None:
    found = read(pages.WORDS)

    assert set(found["nb"]) == set(found["nn"])


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("nb", ("Referat fra møte 2/26", "særmerknad (dissens)", "ikke vedtatt")),
        ("nn", ("Referat frå møte 2/26", "Usemje", "ikkje vedteke")),
    ],
)
def test_the_page_is_in_the_language_of_the_meeting(
    language: str, words: tuple[str, ...]
) -> None:
    html = pages.as_html(pages.page_of(minutes(language=language)))

    assert f'<html lang="{language}">' in html
    for each in (*words, "Ikke før driften er avklart.", "Hovedstyret"):
        assert each in html


def test_what_somebody_wrote_is_text_and_nothing_else() -> None:
    (item,) = minutes()["items"]
    hostile = {**item, "question": HOSTILE, "advice": HOSTILE}
    page = pages.page_of(minutes(items=[hostile], corrections=[["state", HOSTILE]]))

    html = pages.as_html(page)

    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert pages.compiled(page).startswith(b"%PDF-")


async def test_the_pdf_is_pdf_a_and_tagged() -> None:
    made = await pages.as_pdf(pages.page_of(minutes()))

    assert made.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>2</pdfaid:part>" in made
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in made
    assert b"/StructTreeRoot" in made


def test_of_what_a_reader_may_not_read_the_page_says_so_and_no_more() -> None:
    bare = {"number": "4/26", "stage": "heard", "heard": True}
    page = pages.page_of(minutes(items=[bare]))

    ((title, rows),) = page.items

    assert (title, rows) == ("Sak 4/26", ())
    assert "ikke har innsyn i" in pages.as_html(page)
    assert pages.compiled(page).startswith(b"%PDF-")
