"""What stands on the terminal: numbers, and what to do about those that are not 0."""

import io

import pytest
from rich.console import Console

from services.monitor import rules, words
from services.monitor.report import GroupLag, Outbox, PartitionLag, Rejected, Report
from services.monitor.table import tables

from .made import TOPIC, group, parked, part, report, service, stop

BEHIND = [
    group("members", part(1)),
    group("no members", part(1), members=0, state="EMPTY"),
    group("rebalances", part(1), state="UNKNOWN"),
    group("registry", part(1), source="checkpoint"),
    group("registry", part(1), source="checkpoint", members=0, state="EMPTY"),
    group("registry", part(1), source="checkpoint", members=0, state="ABSENT"),
    group("silent", error="Kafka cannot be asked"),
]


def shown(found: Report, *, every: bool = False) -> str:
    out = io.StringIO()
    Console(file=out, width=200).print(tables(found, every=every))
    return out.getvalue()


def line(text: str, beginning: str) -> str:
    (found,) = [each for each in text.splitlines() if each.startswith(beginning)]
    return " ".join(found.split())


def test_a_group_that_is_caught_up_is_one_line() -> None:
    text = shown(report(group("quiet", part(), part(partition=1))))

    assert line(text, "quiet") == "quiet 0 0 1"
    assert TOPIC not in text
    assert "Nothing is behind." in text


def test_all_partitions_are_shown_on_demand() -> None:
    text = shown(report(group("quiet", part(), part(partition=1))), every=True)

    assert line(text, f"  {TOPIC}/0") == f"{TOPIC}/0 0 0"
    assert line(text, f"  {TOPIC}/1") == f"{TOPIC}/1 0 0"


def test_only_partitions_that_have_something_to_say_are_shown() -> None:
    text = shown(report(group("late", part(3, seconds=12.34), part(partition=1))))

    assert line(text, "late").startswith("late 3 12.3 1 ")
    assert line(text, f"  {TOPIC}/0").startswith(f"{TOPIC}/0 3 12.3")
    assert f"{TOPIC}/1" not in text


def test_what_is_not_known_is_a_question_mark_and_never_0() -> None:
    text = shown(
        report(
            group("silent", error="Kafka cannot be asked", members=None),
            group("no age", part(2, seconds=None)),
            services=(service(outbox=None, stopped=None, error="Postgres is away"),),
            rejected=None,
            unanswered=("Kafka cannot be asked", "Postgres is away"),
        )
    )

    assert line(text, "silent").startswith("silent ? ? ? ")
    assert line(text, "no age").startswith("no age 2 ? 1 ")
    assert line(text, "intake").startswith("intake ? ? ")
    assert "no all-clear" in text
    assert line(text, "  Kafka") == "Kafka cannot be asked"
    assert line(text, "  Postgres") == "Postgres is away"


@pytest.mark.parametrize("behind", BEHIND, ids=lambda each: f"{each.name} {each.state}")
def test_each_group_that_is_behind_says_what_to_do(behind: GroupLag) -> None:
    assert words.of_group(behind)


@pytest.mark.parametrize(
    "found",
    [part(next=None, records=1), part(1, seconds=None), part(ahead=1), part(expired=1)],
    ids=["never committed", "no age", "ahead", "expired"],
)
def test_each_peculiar_partition_says_what_to_do(found: PartitionLag) -> None:
    assert words.of_partition(group("g", found), found, stopped=False)


def test_what_stops_is_shown_with_place_and_time() -> None:
    stopped = stop(error_class="Newer", place="rule set 2")
    text = shown(
        report(
            group("registry", part(), source="checkpoint"),
            services=(service("registry", stopped=(stopped,)),),
        )
    )
    told = line(text, f"registry: {TOPIC}/0")

    assert told.startswith(f"registry: {TOPIC}/0 17 60 s ago Newer at rule set 2 ")
    assert "deploy a newer registry" in told
    assert line(text, f"  {TOPIC}/0").endswith("stopped: see below")


def test_what_is_parked_is_shown_with_what_waits_behind_it_and_is_no_all_clear() -> (
    None
):
    found = service("registry", parked=(parked(),))
    aside = service("registry", parked=(parked(set_aside=True),))

    told = line(shown(report(services=(found,))), f"registry: {TOPIC}/0")

    assert told.startswith(f"registry: {TOPIC}/0 17 60 s ago KeyError at services/")
    assert "2 of its speaker's wait behind it" in shown(report(services=(found,)))
    assert rules.is_held_up(found)
    # nobody needs to mend what was set aside
    assert not rules.is_held_up(aside)


def test_what_waits_and_what_is_rejected_say_what_to_do() -> None:
    text = shown(
        report(
            services=(service(outbox=Outbox(waiting=4, oldest_seconds=75)),),
            rejected=Rejected(recent=2, kept=9),
        )
    )

    assert line(text, "intake").startswith("intake 4 75.0 if this does not fall")
    assert line(text, "2 in 24 h, 9 kept").endswith("says where it lay and why")


def test_a_groups_name_neither_steers_the_terminal_nor_is_markup() -> None:
    text = shown(report(group("[red]\x1b[2Jx", part(1))))

    assert "\x1b" not in text
    assert "[red]\N{REPLACEMENT CHARACTER}[2Jx" in text
