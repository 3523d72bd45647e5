"""The ground of today: mandate and councils of the newest rule set, and policies."""

from functools import cache

from schemas.rulesets import NEWEST, RuleSet, oslo_day, ruleset

from .policies import criteria, windows
from .rules import Ground


@cache
def of_today() -> Ground:
    return of(ruleset(NEWEST))


def of(rules: RuleSet) -> Ground:
    """The ground that a rule set gives."""
    return Ground(
        arenas=rules.arenas,
        windows=windows(),
        criteria=criteria,
        is_municipality=lambda code, at: rules.is_municipality_on(code, oslo_day(at)),
        municipality_of=rules.councils.get,
        line_of=rules.line_of,
    )
