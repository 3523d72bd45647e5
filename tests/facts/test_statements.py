"""The page of statements tells the truth: each has tests, and they are there."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from .__main__ import main
from .faults import faults
from .page import PAGE, page
from .statements import Section, Statement, Unreadable, every, sections
from .there import mistakes

HERE = "tests/facts/test_statements.py"
FOUND = sections()


def test_every_statement_has_a_test_that_is_there() -> None:
    assert list(faults(FOUND)) == []


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text("utf-8") == page(FOUND), "run `python -m tests.facts`"


def test_every_section_of_the_contract_is_there() -> None:
    assert [section.number for section in FOUND] == [1, 2, 3, 4, 5, 6]
    assert all(section.statements for section in FOUND)


def test_the_page_names_every_statement_and_every_test() -> None:
    text = page(FOUND)

    for each in every(FOUND):
        assert f"| {each.id} |" in text
        assert all(node.partition("::")[2] in text for node in each.tests)


# -- what is wrong is found ----------------------------------------------------------


def changed(change: Callable[[Statement], Statement]) -> list[Section]:
    """As they are, but for the first statement that tests hold."""
    first, *rest = FOUND
    n = next(n for n, each in enumerate(first.statements) if each.tests)
    said = list(first.statements)
    said[n] = change(said[n])
    return [replace(first, statements=tuple(said)), *rest]


def found_in(*tests: str, missing: str = "") -> list[str]:
    def change(each: Statement) -> Statement:
        return replace(each, tests=tests, missing=missing)

    return list(faults(changed(change)))


def test_a_statement_without_a_test_is_found() -> None:
    (fault,) = found_in()

    assert "has no test" in fault


@pytest.mark.parametrize(
    "node",
    [
        f"{HERE}::test_that_was_renamed",
        "tests/facts/test_that_was_moved.py::test_the_page_is_fresh",
        # there, but no test: a function beside them, another module's
        f"{HERE}::found_in",
        "tests/facts/page.py::page",
    ],
)
def test_a_test_that_is_not_there_is_found(node: str) -> None:
    (fault,) = found_in(node)

    assert "is no test" in fault


@pytest.mark.parametrize(
    ("marks", "says"),
    [
        ("", None),
        ("@pytest.mark.parametrize('n', [1])", None),
        ("@pytest.mark.xfail(strict=True)", "which fails"),
        ("@pytest.mark.skip", "which fails"),
        ("@pytest.fixture(scope='module')", "is no test"),
    ],
)
def test_a_statement_rests_on_no_test_that_is_none_or_expected_to_fail(
    tmp_path: Path, marks: str, says: str | None
) -> None:
    path = tmp_path / "test_made_up.py"
    path.write_text(f"import pytest\n\n{marks}\nasync def test_it(n):\n    assert n\n")

    found = found_in(f"{path}::test_it")

    assert [says in fault for fault in found if says] == ([True] if says else [])
    assert len(found) == (says is not None)
    if says == "which fails":
        assert found_in(f"{path}::test_it", missing="half of it") == []


def test_an_id_that_stands_twice_is_found() -> None:
    first, *rest = FOUND
    twice = replace(first, statements=(*first.statements, first.statements[0]))

    (fault,) = faults([twice, *rest])

    assert "stands 2 times" in fault


def test_a_planted_mistake_that_guards_nothing_is_found() -> None:
    guarding = next(each for each in every(FOUND) if each.mistakes)
    without = [
        replace(
            section,
            statements=tuple(
                replace(
                    e,
                    mistakes=tuple(m for m in e.mistakes if m not in guarding.mistakes),
                )
                for e in section.statements
            ),
        )
        for section in FOUND
    ]

    assert len(list(faults(without))) == len(guarding.mistakes)
    assert len(mistakes()) > 30


def test_what_plants_no_mistake_is_found() -> None:
    node = f"{HERE}::test_the_page_is_fresh"

    (fault,) = faults(changed(lambda e: replace(e, mistakes=(*e.mistakes, node))))

    assert "plants no mistake" in fault


def test_a_word_that_nobody_knows_in_a_file_is_found(tmp_path: Path) -> None:
    text = 'title = "t"\n[[statement]]\nid = "{}"\nsays = "s"\n{} = "x"\n'
    for id_, key, says in (("1.a", "tets", "tets"), ("2.a", "arena", "begin with 1")):
        (tmp_path / "1-x.toml").write_text(text.format(id_, key))
        with pytest.raises(Unreadable, match=says):
            sections(tmp_path)


def test_a_stale_page_fails_the_check_and_the_command_makes_it_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stale = tmp_path / "FACTS.md"
    stale.write_text("stale")
    monkeypatch.setattr("tests.facts.__main__.PAGE", stale)

    assert main(["--check"]) == 1
    assert stale.read_text("utf-8") == "stale"
    assert "stale" in capsys.readouterr().out
    assert main([]) == 0
    assert main(["--check"]) == 0
    assert stale.read_text("utf-8") == page(FOUND)


def test_the_command_names_what_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tests.facts.__main__.sections", lambda: changed(bare))

    assert main([]) == 2
    assert "has no test" in capsys.readouterr().out


def bare(each: Statement) -> Statement:
    return replace(each, tests=())
