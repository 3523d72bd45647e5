"""Minutes for people: one list of rows, shown as HTML and as PDF/A.

Both are made from the minutes as a reader is shown them, in the language that the
meeting chose.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Literal

import orjson
import typst

from .policies import read

Json = Mapping[str, Any]
WORDS = "words-1"
TEMPLATE = Path(__file__).parent / "minutes.typ"
# an archive's standard, with tags for who has the page read aloud
STANDARD: Literal["a-2a"] = "a-2a"


@dataclass(frozen=True, slots=True)
class Page:
    """Minutes as titles and rows, all of it text."""

    language: str
    title: str
    day: date
    head: tuple[tuple[str, str], ...]
    items: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    corrections: tuple[str, ...]


@cache
def words(language: str) -> Mapping[str, str]:
    found: dict[str, str] = read(WORDS)[language]
    return found


def page_of(minutes: Json) -> Page:
    """The page of what a reader is shown of the minutes."""
    said = words(minutes["language"])
    return Page(
        language=minutes["language"],
        title=f"{said['title']} {minutes['number']}",
        day=date.fromisoformat(minutes["day"]),
        head=tuple(head_of(minutes, said)),
        items=tuple(
            (title_of(each, said), tuple(rows_of(each, said)))
            for each in minutes["items"]
        ),
        corrections=tuple(
            f"{said[line]}: {text}" for line, text in minutes["corrections"]
        ),
    )


def head_of(minutes: Json, said: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield said["arena"], minutes["arena"]
    yield said["day"], minutes["day"]
    yield said["chair"], said.get(minutes["chair"], "")
    present = [f"{said[line]}: {n}" for line, n in minutes["attendance"].items()]
    yield said["attendance"], ", ".join(present)
    yield "", said["approved" if minutes["approved"] else "not_approved"]
    yield said["hash"], minutes["hash"]


def title_of(item: Json, said: Mapping[str, str]) -> str:
    question = item.get("question")
    name = f"{said['item']} {item['number']}"
    return name if question is None else f"{name}: {question}"


def rows_of(item: Json, said: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What the minutes say of an item; nothing of one that may not be read."""
    if "question" not in item:
        return
    yield said["proposed_by"], said[item["proposer"]]
    yield "", said["heard" if item["heard"] else "not_heard"]
    if item["advice"] is not None:
        yield said["band"], f"{said[item['band']]}: {item['advice']}"
    for line, (position, text) in item["positions"].items():
        told = said[position] if text is None else f"{said[position]}: {text}"
        yield f"{said['positions']}, {said[line]}", told
    for line, body, outcome, reason in item["decisions"]:
        yield f"{said['decisions']}, {said[line]}", f"{body}: {said[outcome]}. {reason}"
    for line, outcome in item["follow_up"].items():
        late = f" ({said['overdue']})" if line in item["overdue"] else ""
        yield f"{said['follow_up']}, {said[line]}", f"{said[outcome]}{late}"
    for text, is_open in item["disagreements"]:
        yield said["disagreements"], f"{text} ({said['open' if is_open else 'closed']})"


def as_html(page: Page) -> str:
    """A page by itself; every text is escaped."""
    said = words(page.language)
    items = "\n".join(
        f"<h3>{escape(title)}</h3>\n"
        + (table(rows) if rows else f"<p>{escape(said['hidden'])}</p>")
        for title, rows in page.items
    )
    corrections = ""
    if page.corrections:
        listed = "".join(f"<li>{escape(each)}</li>" for each in page.corrections)
        corrections = f"<h2>{escape(said['corrections'])}</h2>\n<ul>{listed}</ul>\n"
    return (
        f'<!doctype html>\n<html lang="{page.language}">\n'
        '<head><meta charset="utf-8">\n'
        f"<title>{escape(page.title)}</title>\n<style>{STYLE}</style></head>\n<body>\n"
        f"<h1>{escape(page.title)}</h1>\n{table(page.head)}\n"
        f"<h2>{escape(said['agenda'])}</h2>\n{items}\n{corrections}"
        f"<p><em>{escape(said['advice_binds_nobody'])}</em></p>\n</body></html>\n"
    )


STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;"
    "padding:0 1rem}table{border-collapse:collapse;width:100%}"
    "th,td{border:1px solid #ccc;padding:.3rem .5rem;text-align:left}"
    "th,td{vertical-align:top}"
    "th{width:12rem}"
)


def table(rows: tuple[tuple[str, str], ...]) -> str:
    cells = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(text)}</td></tr>'
        for name, text in rows
    )
    return f"<table>{cells}</table>"


async def as_pdf(page: Page) -> bytes:
    """PDF/A; made in a thread, for it takes a while."""
    return await asyncio.to_thread(compiled, page)


def compiled(page: Page) -> bytes:
    data = {
        "language": page.language,
        "title": page.title,
        "year": page.day.year,
        "month": page.day.month,
        "dom": page.day.day,
        "words": words(page.language),
        "head": page.head,
        "items": [{"title": title, "rows": rows} for title, rows in page.items],
        "corrections": page.corrections,
    }
    made: bytes = typst.compile(
        TEMPLATE,
        format="pdf",
        pdf_standards=STANDARD,
        sys_inputs={"data": orjson.dumps(data).decode()},
        ignore_system_fonts=True,
    )
    return made
