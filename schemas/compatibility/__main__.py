"""`python -m schemas.compatibility [--against FOLDER]` judges every type.

Against what is released, from both sides; 0 if nothing breaks, else 1.
`python -m schemas.compatibility release` writes what a frozen rule set lacks there.
"""

import argparse
import sys
from pathlib import Path

from .gate import Judgement, Report, gate
from .released import HERE, Changed, publish

SCHEMAS = HERE.parent


def main(arguments: list[str]) -> int:
    """Judge or release; the exit status."""
    asked = parser().parse_args(arguments)
    folder = Path(asked.against)
    folder = folder if folder.exists() else SCHEMAS / folder
    if asked.command == "release":
        return release(folder)
    if not folder.is_dir():
        print(
            f"no folder {asked.against}; run `python -m schemas.compatibility release`"
        )
        return 1
    return show(gate(folder))


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="python -m schemas.compatibility",
        description="Judges what a change to a type does to writers and readers.",
    )
    found.add_argument(
        "command",
        nargs="?",
        choices=("judge", "release"),
        default="judge",
        help="judge (default): compare with every release; release: write what a "
        "frozen rule set lacks, never changing a file that stands",
    )
    found.add_argument(
        "--against",
        default=str(HERE),
        metavar="FOLDER",
        help="where the releases are, a folder each (default: schemas/released)",
    )
    return found


def release(folder: Path) -> int:
    try:
        written = publish(folder)
    except Changed as changed:
        print(changed)
        return 1
    for path in written:
        print(f"released {path.relative_to(folder)}")
    print(f"{len(written)} files released" if written else "all is released already")
    return 0


def show(report: Report) -> int:
    """Print what was found, the breaking last, where it is seen."""
    for judgement in sorted(report.judgements, key=lambda one: one.breaks):
        show_judgement(judgement)
    for fault in report.faults:
        print(f"fault: {fault}")
    print(summary(report))
    return 0 if report.passes else 1


def show_judgement(judgement: Judgement) -> None:
    print(f"{judgement.type} against rule set {judgement.release}")
    for change in judgement.changes:
        place = f"{change.pointer or '/'} ({change.where})"
        print(f"  {change.verdict}: {place}: {'; '.join(change.details)}")
        print(f"    {change.advice}")


def summary(report: Report) -> str:
    breaking = sorted({one.type for one in report.judgements if one.breaks})
    against = ", ".join(map(str, report.compared)) or "none"
    found = f"{report.types} types against rule sets {against}: "
    if report.passes:
        return f"{found}nothing breaks"
    parts = [f"{len(breaking)} break ({', '.join(breaking)})"] if breaking else []
    parts += [f"{len(report.faults)} faults"] if report.faults else []
    return found + ", ".join(parts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
