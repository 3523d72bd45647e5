"""The arena that is measured: made by its own rules; what holds has its rows."""

import random
from datetime import UTC, datetime

from bench.arena_world import ON_AGENDA, scored_item
from bench.held import lines_of
from bench.keys import ARENA, BY_NAME
from bench.results import as_json
from bench.rounds import Figure
from services.consultation import ground
from services.consultation.policies import (
    CRITERIA,
    calendars,
    criteria,
    factor_steps,
)
from services.consultation.results import scored_in
from services.consultation.rules import Item, fold
from services.consultation.rules.agenda import may_stand_out, suggestions

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)


def test_all_items_are_scored_by_ten_criteria_and_the_first_are_for_the_agenda() -> (
    None
):
    drawn = random.Random(1)  # noqa: S311  # no secret
    items: list[Item] = []
    for n in range(ON_AGENDA + 10):
        (item,) = fold(scored_item(n, f"item:nav:{n + 1}-26", NOW, drawn)).values()
        assert isinstance(item, Item)
        items.append(item)

    scored, without = scored_in(items, criteria(CRITERIA))
    due = suggestions(
        items, {}, calendars(), factor_steps(), NOW.date(), ground.of_today()
    )

    assert (len(scored), without) == (len(items), [])
    assert len(criteria(CRITERIA).weights) == 10
    assert len({(each.state, each.municipal) for each in scored}) > ON_AGENDA / 2
    assert len(due) == sum(map(may_stand_out, items)) == ON_AGENDA


def test_what_holds_has_a_row_of_each_target_of_the_arena() -> None:
    figure = Figure((9.0, 0.5, 2.0))
    kept = {key.name: as_json(BY_NAME[key.name], figure, "now") for key in ARENA}
    found = {"keys": kept, "at": "2026-11-30T08", "machine": {"cores": 2}}

    rows = "\n".join(lines_of(found, {}))

    for key in ARENA:
        assert (f"`{key.name}`" in rows) == (key.bound is not None)
    assert rows.count("| holds |") == 2
    assert rows.count("| **falls short** |") == 1
