"""Rules of funding schemes: shown beside the advice with their citation, never applied.

A finding holds, does not, or cannot be told from what is held here.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from schemas.advice import FundingAdvice, Source
from schemas.topics import Line
from services.consultation.policies import BudgetStep, SchemeRule

LineOf = Callable[[str], Line | None]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule of a scheme says of a source of money; `holds` is None if unknown.

    `version` is that of the rules by which it was found.
    """

    version: str
    rule: str
    source: str
    holds: bool | None
    told: str
    citation: str


@dataclass(frozen=True, slots=True)
class BudgetDate:
    """A step of a line's budget work for a budget year."""

    line: Line
    step: str
    day: date
    known: bool
    citation: str


def findings(
    funding: FundingAdvice, rules: Sequence[SchemeRule], line_of: LineOf
) -> Iterator[Finding]:
    """Every rule of every scheme that the advice names."""
    for source in funding.sources:
        for rule in rules:
            if rule.source == source.source:
                holds, told = CHECKS[rule.check](source, funding, rule, line_of)
                yield Finding(
                    rule.version,
                    rule.rule,
                    source.source,
                    holds,
                    told,
                    rule.citation,
                )


Verdict = tuple[bool | None, str]


def applicant_line(
    source: Source, _: FundingAdvice, rule: SchemeRule, line_of: LineOf
) -> Verdict:
    if source.applicant is None:
        return None, "no applicant is named"
    line = line_of(source.applicant)
    if line is None:
        return None, f"to which line {source.applicant} belongs is not held here"
    return line == rule.line, f"the applicant belongs to the line {line}"


def total_amount(
    _: Source, funding: FundingAdvice, rule: SchemeRule, __: LineOf
) -> Verdict:
    lowest, highest, total = rule.lowest or 0, rule.highest or 0, funding.total
    told = (
        f"{millions(total.low)} to {millions(total.high)} in all, "
        f"from {millions(lowest)} to {millions(highest)}"
    )
    if total.high < lowest or total.low > highest:
        return False, told
    # where only one end of the range is within the limits nobody can tell yet
    return (lowest <= total.low and total.high <= highest) or None, told


def millions(kroner: int) -> str:
    return f"{kroner / 1_000_000:g} MNOK"


def share_of_total(
    source: Source, funding: FundingAdvice, rule: SchemeRule, _: LineOf
) -> Verdict:
    """Of all that comes from the scheme, however many sources it is written as."""
    percent, total = rule.percent or 0, funding.total
    mine = [each for each in funding.sources if each.source == source.source]
    low, high = sum(each.low for each in mine), sum(each.high for each in mine)
    holds = low * 100 <= total.low * percent and high * 100 <= total.high * percent
    shown = 100 * high / total.high if total.high else 0.0
    return holds, f"up to {shown:.0f} per cent of the total, at most {percent}"


def budget_years(
    source: Source, _: FundingAdvice, rule: SchemeRule, __: LineOf
) -> Verdict:
    return source.years <= (rule.years or 0), (
        f"{source.years} budget years, at most {rule.years}"
    )


def counterpart_time(
    source: Source, _: FundingAdvice, rule: SchemeRule, __: LineOf
) -> Verdict:
    if source.ks_asked is None:
        return None, "the day on which KS was asked is not given"
    if source.applied is None:
        return None, "the day of the application is not given"
    given, wanted = (source.applied - source.ks_asked).days, rule.days or 0
    short = wanted - given
    if short > 0:
        days = "day" if short == 1 else "days"
        return False, f"KS was given {given} days of {wanted}: {short} {days} short"
    return True, f"KS was given {given} days, at least {wanted}"


def statement(source: Source, _: FundingAdvice, __: SchemeRule, ___: LineOf) -> Verdict:
    if source.ks_statement is None:
        return (None if source.applied is None else False), "no statement of KS follows"
    late = source.applied is not None and source.ks_statement > source.applied
    return not late, (
        f"the statement of {source.ks_statement} came after the application"
        if late
        else f"the statement of {source.ks_statement} follows"
    )


def member(source: Source, _: FundingAdvice, __: SchemeRule, ___: LineOf) -> Verdict:
    named = source.applicant or "the applicant"
    return None, f"check that {named} is a member; members are not held here"


def not_held(_: Source, __: FundingAdvice, rule: SchemeRule, ___: LineOf) -> Verdict:
    return None, f"check {rule.look}; it is not held here"


CHECKS: dict[str, Callable[[Source, FundingAdvice, SchemeRule, LineOf], Verdict]] = {
    "applicant_line": applicant_line,
    "total_amount": total_amount,
    "share_of_total": share_of_total,
    "budget_years": budget_years,
    "counterpart_time": counterpart_time,
    "statement": statement,
    "member": member,
    "not_held": not_held,
}


def budget_dates(
    year: int, line: Line, steps: Sequence[BudgetStep]
) -> Iterator[BudgetDate]:
    """The dates of a line's budget work for a budget year, in their order."""
    dated = [
        (date(year - step.years_before, step.month, step.day), step) for step in steps
    ]
    for day, step in sorted(dated, key=lambda each: (each[0], each[1].step)):
        yield BudgetDate(line, step.step, day, step.known, step.citation)


def payers_and_gainers(funding: FundingAdvice) -> dict[str, dict[str, tuple[int, int]]]:
    """The table of payer and gainer: low and high a year, summed in each cell."""
    table: dict[str, dict[str, tuple[int, int]]] = {}
    for gain in funding.gains:
        row = table.setdefault(gain.payer, {})
        low, high = row.get(gain.gainer, (0, 0))
        row[gain.gainer] = (low + gain.low, high + gain.high)
    return table
