"""A record is judged by the rule set that it names: the same by everybody, for ever."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemas import admission, generate, rulesets
from schemas.fact import Fact, Refusal
from schemas.rulesets import NEWEST, Organisation, RuleSet, Validity, day_or_none, load
from schemas.types import RULE_SET_1, RULE_SET_2

from .said import NAV, NOW, RIKSREVISJONEN, example, examples
from .test_admission import judged

OF_1 = {row.name for row in RULE_SET_1}
LATER = sorted({row.name for row in RULE_SET_2} - OF_1)
NEWCOMER = "923609016"


@pytest.mark.parametrize("name", sorted(OF_1))
def test_what_a_rule_set_knew_is_judged_by_it_today(name: str) -> None:
    verdict = judged(example(name), ruleset=1)

    assert isinstance(verdict, Fact)
    assert verdict.ruleset == 1


@pytest.mark.parametrize("name", LATER)
def test_what_a_rule_set_did_not_know_is_no_fact_under_it(name: str) -> None:
    under_1, under_2 = (judged(example(name), ruleset=n) for n in (1, 2))

    assert isinstance(under_1, Refusal)
    assert under_1.reason == "unknown_type"
    assert isinstance(under_2, Fact)


@pytest.fixture
def grown(monkeypatch: pytest.MonkeyPatch) -> Mapping[int, RuleSet]:
    """As if a newer rule set knew one organisation more."""
    first = load(1)
    more = Organisation(NEWCOMER, "state", "agency", Validity(None, None))
    second = replace(
        first, number=2, organisations={**first.organisations, NEWCOMER: more}
    )
    sets = {1: first, 2: second, NEWEST: replace(second, number=NEWEST)}
    monkeypatch.setattr(rulesets, "load", sets.__getitem__)
    return sets


@pytest.mark.usefixtures("grown")
def test_an_organisation_speaks_under_the_rule_set_that_knows_it_alone() -> None:
    event = example("initiative.registered") | {
        "source": f"urn:orgnr:{NEWCOMER}:x",
        "subject": f"{NEWCOMER}:x",
    }

    old, new = (judged(event, ruleset=n, line="state") for n in (1, 2))

    assert isinstance(old, Refusal)
    assert old.reason == "unknown_speaker"
    assert isinstance(new, Fact)


@pytest.mark.parametrize(
    ("accepted_on", "may"), [("2026-11-23", False), ("2026-11-24", True)]
)
def test_who_speaks_must_be_in_force_when_it_is_accepted(
    monkeypatch: pytest.MonkeyPatch, accepted_on: str, may: bool
) -> None:
    """On the day of intake's clock, whatever the speaker claims and whenever read."""
    rules = load(NEWEST)
    begun = replace(
        rules.organisations[NAV], validity=Validity(day_or_none("2026-11-24"), None)
    )
    changed = replace(rules, organisations={**rules.organisations, NAV: begun})
    monkeypatch.setattr(rulesets, "load", {NEWEST: changed}.__getitem__)
    accepted = NOW.replace(day=int(accepted_on[-2:]), hour=9)

    claims = {"time": "2026-11-30T09:00:00Z"}
    verdict = judged(example("initiative.registered") | claims, accepted=accepted)

    assert isinstance(verdict, Fact) == may
    if isinstance(verdict, Refusal):
        assert verdict.reason == "not_valid"


def kept_by_later(sets: Mapping[int, RuleSet]) -> Iterator[str]:
    """What a rule set says of an organisation that the one before did not say."""
    for number in sorted(sets)[1:]:
        before, after = sets[number - 1].organisations, sets[number].organisations
        for orgnr, found in before.items():
            if orgnr not in after:
                yield f"{number} has no {orgnr}"
            elif after[orgnr].line != found.line:
                yield f"{number} moves {orgnr} to {after[orgnr].line}"


def test_a_later_rule_set_keeps_every_organisation_and_its_line() -> None:
    assert list(kept_by_later({n: load(n) for n in range(1, NEWEST + 1)})) == []


def test_an_organisation_that_is_gone_or_moved_would_be_noticed() -> None:
    rules = load(1)
    others = {**rules.organisations}
    moved = replace(others.pop(NAV), line="municipal")
    gone = replace(rules, number=2, organisations=others)
    turned = replace(rules, number=2, organisations={**others, NAV: moved})

    assert list(kept_by_later({1: rules, 2: gone})) == [f"2 has no {NAV}"]
    assert list(kept_by_later({1: rules, 2: turned})) == [f"2 moves {NAV} to municipal"]


@pytest.mark.parametrize("name", rulesets.DATA_FILES)
def test_one_more_line_of_data_is_another_rule_set(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = generate.ruleset_digest(1)
    original = rulesets.data_file

    def longer(number: int, asked: str) -> Path:
        path = tmp_path / asked
        more = b"\n" if asked == name else b""
        path.write_bytes(original(number, asked).read_bytes() + more)
        return path

    monkeypatch.setattr(rulesets, "data_file", longer)

    assert generate.ruleset_digest(1) != before


def test_what_organisations_are_called_is_no_part_of_a_rule_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = generate.ruleset_digest(NEWEST)

    def nobody_asks() -> dict[str, str]:
        raise AssertionError("a name was asked for")

    monkeypatch.setattr("schemas.names.names", nobody_asks)

    assert generate.ruleset_digest(NEWEST) == before
    for _, event in examples():
        assert isinstance(judged(event), Fact)


# -- the record and a rule set alone -------------------------------------------------

CLOCKS = {"now", "today", "utcnow", "monotonic", "perf_counter", "time_ns"}
ELSEWHERE = {"os", "random", "secrets", "socket", "sqlite3", "subprocess", "time"}


def rests_on(module: str, seen: set[str]) -> set[str]:
    """The module and every one of the contract that it imports, in turn."""
    root = Path(admission.__file__).parents[1]
    path = root / f"{module.replace('.', '/')}.py"
    if not path.exists():
        path = root / module.replace(".", "/") / "__init__.py"
    if module in seen or not path.exists():
        return seen
    seen.add(module)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*above, *filter(None, [node.module])])
            for name in [base, *(f"{base}.{alias.name}" for alias in node.names)]:
                rests_on(name, seen)
    return seen


def looks_elsewhere(text: str) -> set[str]:
    """What in a module asks a clock, chance, or what surrounds it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import(names=names):
                found |= {a.name for a in names if a.name.split(".")[0] in ELSEWHERE}
            case ast.ImportFrom(module=str(module), level=0):
                found |= {module} & ELSEWHERE
            case ast.Call(func=ast.Attribute(attr=name)) if name in CLOCKS:
                found.add(name)
    return found


def sources_of(module: str) -> dict[str, str]:
    root = Path(admission.__file__).parents[1]
    found = {}
    for name in sorted(rests_on(module, set())):
        path = root / f"{name.replace('.', '/')}.py"
        path = path if path.exists() else path.with_suffix("") / "__init__.py"
        found[name] = path.read_text("utf-8")
    return found


@pytest.mark.parametrize("module", ["schemas.admission", "schemas.policy"])
def test_neither_verdict_nor_policy_asks_a_clock_chance_or_its_surroundings(
    module: str,
) -> None:
    sources = sources_of(module)
    # it makes the tracker's own records too, with a salt
    sources.pop("schemas.tracker", None)

    assert {"schemas.rulesets", "schemas.identity"} <= sources.keys()
    assert {
        name: found for name, t in sources.items() if (found := looks_elsewhere(t))
    } == {}


@pytest.mark.parametrize(
    "text",
    ["import random", "from datetime import *\ndatetime.now()", "import os.path"],
)
def test_a_look_elsewhere_would_be_noticed(text: str) -> None:
    assert looks_elsewhere(text)


def test_the_same_record_has_the_same_verdict_each_time() -> None:
    events: list[dict[str, Any]] = [event for _, event in examples()]
    events.append(example("initiative.registered") | {"time": "x"})
    events.append(example("share.ended") | {"source": f"urn:orgnr:{RIKSREVISJONEN}:x"})

    for event in events:
        assert judged(event) == judged(event)
