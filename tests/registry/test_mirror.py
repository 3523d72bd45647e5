"""Equal partners: swap the lines in a history, and everything shown is swapped."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from schemas.names import name_of
from schemas.policy import reader_for
from services.registry.earliness import earliness
from services.registry.figures import figures
from services.registry.policies import contradiction_policy, phase_policy
from services.registry.store import place_in_lists
from services.registry.view import earliness_json, view
from tests.registry.hand import POLICY, Hand, oslo
from tests.schemas.said import AID, DIGDIR, KS, NARVIK, NAV

HAMAROY = "970542507"


@dataclass(frozen=True)
class Cast:
    """Who plays which part: an owner and its line, and the other line's bodies."""

    owner: str
    line: str
    central: str
    fellow: str
    other_line: str
    other_central: str
    another: str
    one_more: str

    @property
    def readers(self) -> tuple[str, ...]:
        return (self.owner, self.central, self.other_central, self.another)


STATE = Cast(NAV, "state", AID, DIGDIR, "municipal", KS, NARVIK, HAMAROY)
MUNICIPAL = Cast(NARVIK, "municipal", KS, HAMAROY, "state", AID, NAV, DIGDIR)
SWAPPED = {
    NAV: NARVIK,
    AID: KS,
    DIGDIR: HAMAROY,
    "state": "municipal",
}
# ids that the tracker makes of an orgnr are no part of the mirror
DERIVED = re.compile(r"opened-[0-9a-f]{32}")
Tell = Callable[[Cast, Hand], None]


def swapped(text: str) -> str:
    """The mirror: each word of one line for the other's, both ways."""
    pairs = [
        *SWAPPED.items(),
        *((name_of(a), name_of(b)) for a, b in [*SWAPPED.items()]),
    ]
    for n, (one, _) in enumerate(pairs):
        text = text.replace(one, f"«{n}»")
    for one, other in pairs:
        text = text.replace(other, one)
    for n, (_, other) in enumerate(pairs):
        text = text.replace(f"«{n}»", other)
    return text


def usual(cast: Cast, story: Hand) -> None:
    story.registered("2026-01-05T09:00:00")
    story.shared(
        "2026-01-05T09:00:00", cast.other_line, open_decisions=["need", "concept"]
    )
    story.readable("2026-01-05T09:00:01", cast.other_line)
    story.planned("2026-09-01")
    story.locked("2026-05-01")
    for n, body in enumerate((cast.other_central, cast.another, cast.fellow)):
        data = {"key": "svar", "position": "neutral", "text": f"svar {n}"}
        story.another_says(
            body, "2026-02-01T09:00:00", "response.submitted", data, id=f"svar-{n}"
        )


def line_and_central_body_at_once(cast: Cast, story: Hand) -> None:
    """Two grants of one moment: no tie may be broken by a line's name."""
    central = f"org:{cast.other_central}"
    story.registered("2026-01-05T09:00:00", visibility="public")
    both = " ".join(sorted([cast.other_line, "public"]))
    story.shared("2026-01-05T09:00:00", both, open_decisions=["need"])
    story.readable("2026-01-05T09:00:00.5", "public")
    story.shared("2026-01-05T09:00:00", central, open_decisions=[])
    for channel in (cast.other_line, central):
        story.readable("2026-01-05T09:00:01", channel)
    story.locked("2026-05-01")


def to_one_body_first(cast: Cast, story: Hand) -> None:
    story.registered("2026-01-05T09:00:00")
    first = story.shared("2026-01-05T09:00:00", f"org:{cast.another}")
    story.readable("2026-01-05T09:00:01", f"org:{cast.another}")
    story.ended("2026-01-20T09:00:00", first)
    grant = story.shared(
        "2026-02-01T09:00:00",
        f"org:{cast.other_central}",
        not_before="2026-03-01T09:00:00+01:00",
    )
    story.opened("2026-03-01T09:05:00", grant)
    story.readable("2026-03-01T09:05:00", f"org:{cast.other_central}")
    story.decided("approved", "2026-02-20")


def to_a_line_and_everybody_at_once(cast: Cast, story: Hand) -> None:
    """One grant, one moment: the channels differ in nothing but their names."""
    channels = [cast.other_line, "public", f"org:{cast.another}"]
    story.registered("2026-01-05T09:00:00")
    story.shared("2026-01-05T09:00:00", " ".join(sorted(channels)))
    for channel in channels:
        story.readable("2026-01-05T09:00:01", channel)


STORIES = [
    usual,
    line_and_central_body_at_once,
    to_one_body_first,
    to_a_line_and_everybody_at_once,
]


def shown(tell: Tell, cast: Cast, local: str = "a") -> dict[str, object]:
    """All that every reader is shown, by the part that the reader plays."""
    story = Hand(f"{cast.owner}:{local}", [])
    tell(cast, story)
    found: dict[str, object] = {}
    for part, reader in enumerate(cast.readers):
        seen = story.seen_by(reader_for(reader))
        told = earliness(seen, POLICY, oslo("2026-06-01"))
        lines = ("state", "municipal") if cast is STATE else ("municipal", "state")
        report = [figures([told] if told else [], line, POLICY) for line in lines]  # type: ignore[arg-type]  # the two lines
        found[str(part)] = [
            view(seen, phase_policy(), contradiction_policy()),
            earliness_json(told),
            [asdict(each) for each in report],
        ]
    return found


def mirrored(tell: Tell) -> tuple[object, object]:
    """What the mirror makes of the one history, and what the other one gives."""
    state, municipal = (
        DERIVED.sub("derived", json.dumps(shown(tell, cast), ensure_ascii=False))
        for cast in (STATE, MUNICIPAL)
    )
    return normal(json.loads(swapped(state))), normal(json.loads(municipal))


def normal(found: Any) -> Any:
    """Sets of words (an audience) sorted; all other order counts."""
    if isinstance(found, dict):
        return {name: normal(value) for name, value in found.items()}
    if isinstance(found, list):
        words = all(isinstance(value, str) for value in found)
        return sorted(found) if words else [normal(value) for value in found]
    return found


@pytest.mark.parametrize("tell", STORIES)
def test_swapped_lines_give_swapped_views_and_figures(tell: Tell) -> None:
    expected, found = mirrored(tell)

    assert found == expected


def test_an_order_that_rests_on_a_lines_name_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "services.registry.earliness.earliest",
        lambda found: min(found, key=lambda each: each.channel, default=None),
    )
    monkeypatch.setattr(
        "services.registry.earliness.due_first",
        lambda shares: max(shares, key=lambda each: each.said.order, default=None),
    )

    expected, found = mirrored(line_and_central_body_at_once)

    assert found != expected


def test_swapped_lines_are_listed_in_the_same_order() -> None:
    locals_ = [f"tiltak-{n}" for n in range(30)]

    def listed(owners: tuple[str, str]) -> list[str]:
        """Ids in the order of lists, each initiative owned by one of the two."""
        ids = [f"{owners[n % 2]}:{local}" for n, local in enumerate(locals_)]
        return sorted(ids, key=place_in_lists)

    assert [swapped(each) for each in listed((NAV, NARVIK))] == listed((NARVIK, NAV))
