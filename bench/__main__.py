"""`python -m bench [WHAT…] [--quick]`: figures beside the floors of the same run.

WHAT is of project, relay, views, rebuild, arena, intake, feed; all if none. Writes
`build/bench.json` and `build/bench.svg` and prints a table. Each figure is the median
of five runs that take turns, with lowest and highest; `--quick` makes one run of each.

Others: `python -m bench.scale`, `python -m bench.peers`, `python -m bench.held`.
"""

import argparse
import sys

from rich.console import Console

from . import results
from .cost import NOT_QUIET, busy_share, until_quiet
from .dataset import SEED
from .keys import BY_NAME
from .measures import NAMES, measures
from .picture import draw
from .results import Shown
from .rounds import Rounds, take_turns
from .table import show

ROUNDS = 5
NOT_QUIET_SAYS = "The machine is not quiet: {:.0%} of it is at work already."
out = Console(stderr=True)


def main(arguments: list[str] | None = None) -> int:
    asked = parsed(arguments)
    rounds = 1 if asked.quick else asked.rounds
    warn_if_not_quiet()
    with measures(asked.what or list(NAMES)) as found:
        done = take_turns(found, rounds, tell, until_quiet)
    return report(done)


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", nargs="*", choices=[*NAMES, []], metavar="WHAT")
    parser.add_argument("--quick", action="store_true", help="one run of each")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N")
    return parser.parse_args(arguments)


def warn_if_not_quiet() -> None:
    busy = busy_share(2.0)
    if busy > NOT_QUIET:
        out.print(NOT_QUIET_SAYS.format(busy), style="yellow")


def tell(said: str) -> None:
    out.print(f"… {said}", style="dim", highlight=False)


def report(
    done: Rounds, skipped: dict[str, str] | None = None, *, keep: bool = True
) -> int:
    """Keep and show what was found; 1 where a run failed.

    What was not of the full size is shown alone: it says nothing of a bound.
    """
    if not keep:
        show([Shown(BY_NAME[n], f) for n, f in done.figures.items()], skipped)
        return tell_of_faults(done)
    results.save(done.figures, SEED, done.faults, skipped=skipped)
    kept = results.read()
    shown = [s for s in results.shown_in(kept) if s.key.name in done.figures]
    show(shown, skipped)
    picture = draw(results.shown_in(kept), kept["at"])
    out.print(f"seed {SEED}; {results.RESULT} and {picture}", highlight=False)
    return tell_of_faults(done)


def tell_of_faults(done: Rounds) -> int:
    for fault in done.faults:
        out.print(fault, style="red", markup=False, highlight=False)
    return 1 if done.faults else 0


if __name__ == "__main__":
    sys.exit(main())
