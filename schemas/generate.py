"""Makes what is derived from the type table: `python -m schemas.generate [--check]`.

JSON Schemas of every type's `data` and of whole events, AsyncAPI, the catalogue page,
and the tables of types in the READMEs. OpenAPI is made from the services, by
`python -m deploy.published`.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from . import rulesets
from .compatibility.forms import without_texts
from .published import asyncapi, catalogue, events, shapes
from .published.meaning import SAID_BY, first_sentence
from .rulesets import DATA_FILES
from .topics import ALL, Topic
from .types import TYPES, TYPES_OF

HERE = Path(__file__).parent
START, END = "<!-- made by `make schemas` -->", "<!-- end -->"


def main(arguments: list[str]) -> int:
    """Write what has changed, or with `--check` name what is stale and return 1."""
    stale = [path for path, text in products() if current(path) != text]
    if "--check" in arguments:
        for path in stale:
            print(f"stale: {path.relative_to(HERE.parent)}; run `make schemas`")
        return 1 if stale else 0
    for path, text in products():
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text, "utf-8")
    print(f"{len(TYPES)} types, {len(stale)} files made anew")
    return 0


def products() -> Iterator[tuple[Path, str]]:
    """Every file that is made, with what it should hold."""
    made, rows = HERE / "generated", TYPES.values()
    for row in rows:
        yield made / f"{row.full_name}.json", as_text(shapes.writer(row))
        yield made / "reader" / f"{row.full_name}.json", as_text(shapes.reader(row))
    written = events.whole(events.any_written(rows))
    yield made / "events.json", as_text(written)
    yield made / "reader" / "events.json", as_text(events.whole(events.any_read()))
    yield made / "asyncapi.json", as_text(asyncapi.document())
    yield HERE / "catalogue.md", catalogue.page()
    for readme in (HERE / "README.md", HERE.parent / "README.md"):
        yield readme, with_table(readme)


def current(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


def as_text(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def ruleset_digest(number: int) -> str:
    """SHA-256 over all that a rule set judges by: its data and its types."""
    digest = sha256()
    for name in DATA_FILES:
        digest.update(rulesets.data_file(number, name).read_bytes())
    for name in rulesets.LATER_FILES:
        if later := rulesets.later_file(number, name):
            digest.update(later.read_bytes())
    for row in TYPES_OF[number].values():
        columns = {**asdict(row), "model": without_texts(row.model.model_json_schema())}
        digest.update(json.dumps(columns, sort_keys=True).encode())
    return digest.hexdigest()


def with_table(readme: Path) -> str:
    """The README with the table between its two marks made anew."""
    text = current(readme) or f"{START}\n{END}\n"
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    if not rest:
        return text
    tables = type_table() if readme.parent != HERE else type_table() + topic_table()
    return f"{before}{START}\n{tables}{END}{after}"


def type_table() -> str:
    lines = ["| type | said by | what it says |", "|---|---|---|"]
    lines += [
        f"| `{row.full_name}` | {SAID_BY[row.group]} | {first_sentence(row)} |"
        for row in TYPES.values()
    ]
    return "\n".join(lines) + "\n"


def topic_table() -> str:
    head = "\n| topic | holds | written by | read by | kept |\n|---|---|---|---|---|\n"
    return head + "".join(f"| {' | '.join(topic_cells(topic))} |\n" for topic in ALL)


def topic_cells(topic: Topic) -> tuple[str, ...]:
    return (
        f"`{topic.name}`",
        topic.holds,
        topic.producer,
        ", ".join(topic.consumers),
        f"{topic.retention.days} days" if topic.retention else "without end",
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
