"""Writes what was folded anew into the tables beside the live ones."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from services.kit.db import Connection
from services.registry.indexing import row_of, said_in
from services.registry.rules import listing_channels
from services.registry.state import to_bytes
from services.registry.store import Kept, place_in_lists
from services.registry.words import days_in

from .beside import Beside
from .folding import Made

Row = tuple[object, ...]
# bytes of states and words that are held before they are written
FULL = 8_000_000
INITIATIVE = ("subject", "place", "turn", "reached", "body", "named")
MILESTONE = ("subject", "turn", "reached", "body")
LISTED = ("channel", "place", "subject")
DATED = ("subject", "day")
TURNED = ("mark", "subject", "turn")
# Postgres makes the words of a text; COPY cannot ask it to
MAKE_FINDABLE = """
INSERT INTO {findable} (subject, place, owner, line, phase, short, words)
SELECT subject, place, owner, line, phase, short, to_tsvector('norwegian', words)
  FROM unnest($1::text[], $2::bytea[], $3::text[], $4::text[], $5::text[], $6::text[],
              $7::text[])
       AS f (subject, place, owner, line, phase, short, words)
"""
FORGET = "DELETE FROM {} WHERE subject = ANY($1::text[])"


@dataclass
class Rows:
    """Rows to be written, by table."""

    initiative: list[Row] = field(default_factory=list)
    listed: list[Row] = field(default_factory=list)
    milestone: list[Row] = field(default_factory=list)
    findable: list[Row] = field(default_factory=list)
    dated: list[Row] = field(default_factory=list)
    turned: list[Row] = field(default_factory=list)
    bytes: int = 0

    @property
    def full(self) -> bool:
        return self.bytes > FULL

    def add(self, made: Made) -> None:
        """All of an initiative but what lists look for first."""
        kept, subject = made.kept, made.kept.subject
        place, body = place_in_lists(subject), to_bytes(kept.state)
        self.initiative.append(
            (subject, place, kept.turn, kept.reached, body, made.named)
        )
        channels = sorted(listing_channels(kept.state))
        self.listed += [(channel, place, subject) for channel in channels]
        self.milestone += milestones_of(made)
        self.turned += [(mark, subject, turn) for mark, turn in made.turned]
        # on the way it was as long as this or shorter, and its words are no longer
        self.bytes += len(body) * (2 + len(made.milestones))

    def make_findable(self, kept: Kept) -> None:
        """What lists look for first."""
        said = said_in(kept)
        self.findable.append(row_of(kept, said))
        self.dated += [(kept.subject, day) for day in sorted(days_in(said))]


def milestones_of(made: Made) -> Iterator[Row]:
    for each in made.milestones:
        yield each.subject, each.turn, each.reached, to_bytes(each.state)


async def write(conn: Connection, beside: Beside, rows: Rows) -> None:
    """Add rows of initiatives that have none yet."""
    await copy(conn, beside["initiative"], INITIATIVE, rows.initiative)
    await copy(conn, beside["listed"], LISTED, rows.listed)
    await copy(conn, beside["milestone"], MILESTONE, rows.milestone)
    await copy(conn, beside["dated"], DATED, rows.dated)
    await copy(conn, beside["turned"], TURNED, rows.turned)
    if rows.findable:
        columns = map(list, zip(*rows.findable, strict=True))
        await conn.execute(beside.sql(MAKE_FINDABLE), *columns)


async def copy(
    conn: Connection, table: str, columns: tuple[str, ...], rows: Iterable[Row]
) -> None:
    await conn.copy_records_to_table(table, records=rows, columns=columns)


async def forget(
    conn: Connection, beside: Beside, subjects: Collection[str], *, wholly: bool
) -> None:
    """Take away rows of these initiatives; milestones too where it is `wholly`."""
    tables = ["initiative", "listed"]
    if wholly:
        tables += ["milestone", "turned"]
    for table in tables:
        await conn.execute(FORGET.format(beside[table]), list(subjects))
